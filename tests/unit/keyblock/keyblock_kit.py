"""Strategies for key blocks that a writer may make, and keys to go with them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import string
from typing import NamedTuple

from hypothesis import strategies as st

from cardwright.cipher import BlockCipher
from cardwright.iso import tlv
from cardwright.keyblock.certificates import Certificate, CertificateFormat, encode_certificates
from cardwright.keyblock.combinations import check_combination, strength
from cardwright.keyblock.contents import (
    BaseDerivationKeyId,
    Derivation,
    HmacHash,
    KeyLife,
    Pedigree,
    encode_derivations,
)
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import (
    Algorithm,
    Context,
    Exportability,
    KeyVersion,
    Mode,
    Usage,
    Version,
)
from cardwright.keyblock.header import Header
from cardwright.keyblock.kcv import CheckMethod, CheckValue
from cardwright.keyblock.moments import encode_moment
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from tests.unit.keyblock.keyblock_vectors import cipher_of


class Case(NamedTuple):
    header: Header
    kbpk: bytes
    key: SecretBytes

    def cipher(self) -> BlockCipher:
        return cipher_of(self.header.version.value, self.kbpk)


def allowed(usage: Usage, algorithm: Algorithm, mode: Mode) -> bool:
    try:
        check_combination(usage, algorithm, mode)
    except KeyBlockError:
        return False
    return True


COMBINATIONS = [
    (usage, algorithm, mode)
    for usage in Usage
    for algorithm in Algorithm
    for mode in Mode
    if allowed(usage, algorithm, mode)
]

alphanumeric = string.ascii_letters + string.digits
key_versions = st.text(alphanumeric, min_size=2, max_size=2).map(KeyVersion)
moments = st.integers(0, 253_370_764_800).map(lambda s: dt.datetime.fromtimestamp(s, dt.UTC))
derivations = st.tuples(st.sampled_from(COMBINATIONS), st.sampled_from(Exportability)).map(
    lambda drawn: Derivation(*drawn[0], exportability=drawn[1])
)
check_values = st.one_of(
    st.builds(CheckValue, st.just(CheckMethod.LEGACY), st.binary(min_size=1, max_size=3)),
    st.builds(CheckValue, st.just(CheckMethod.CMAC), st.binary(min_size=1, max_size=5)),
)
certificates = st.builds(Certificate, st.sampled_from(CertificateFormat), st.binary(max_size=300))
base_key_ids = st.one_of(
    st.builds(BaseDerivationKeyId, st.just(Algorithm.TDES), st.binary(min_size=5, max_size=5)),
    st.builds(BaseDerivationKeyId, st.just(Algorithm.AES), st.binary(min_size=4, max_size=4)),
)


def hexadecimal(octets: int) -> st.SearchStrategy[str]:
    return st.binary(min_size=octets, max_size=octets).map(lambda value: value.hex().upper())


printable = st.text(string.printable[:95])
# Identifier: data as X9.143 defines them; KC and KP left to wrap.
DATA: dict[str, st.SearchStrategy[str]] = {
    "AL": st.sampled_from(KeyLife).map(KeyLife.encode),
    "BI": base_key_ids.map(BaseDerivationKeyId.encode),
    "CT": st.lists(certificates, min_size=1, max_size=3).map(encode_certificates),
    "DA": st.lists(derivations, min_size=1, max_size=3).map(tuple).map(encode_derivations),
    "HM": st.sampled_from(HmacHash).map(HmacHash.encode),
    "IK": hexadecimal(8),
    "KC": st.just(""),
    "KP": st.just(""),
    "KS": st.sampled_from([8, 10]).flatmap(hexadecimal),
    "KV": st.text(alphanumeric, min_size=4, max_size=4),
    "LB": printable,
    "PK": check_values.map(CheckValue.encode),
    "TC": moments.map(encode_moment),
    "TS": moments.map(encode_moment),
    "WP": st.sampled_from(Pedigree).map(Pedigree.encode),
    "27": printable,
}


@st.composite
def optional_blocks(
    draw: st.DrawFn, header: Header, longest: int = 2000
) -> tuple[OptionalBlock, ...]:
    identifiers = set(DATA) - {"HM", "BI", "DA"}
    if header.usage is Usage.KEY_DERIVATION:
        identifiers.add("DA")
    if header.algorithm not in {Algorithm.AES, Algorithm.DES, Algorithm.TDES}:
        identifiers.remove("KC")
    if header.usage is Usage.INITIALIZATION_VECTOR:
        identifiers -= {"KC"}
    chosen = draw(st.lists(st.sampled_from(sorted(identifiers)), unique=True, max_size=5))
    if header.algorithm is Algorithm.HMAC:
        chosen.append("HM")
    data = {name: draw(DATA[name].filter(lambda text: len(text) <= longest)) for name in chosen}
    return tuple(OptionalBlock(name, text) for name, text in data.items())


@st.composite
def keys_of(draw: st.DrawFn, usage: Usage, algorithm: Algorithm) -> SecretBytes:
    if usage is Usage.INITIALIZATION_VECTOR:
        lengths = [16 if algorithm is Algorithm.AES else 8]
    elif algorithm in {Algorithm.RSA, Algorithm.ELLIPTIC_CURVE, Algorithm.DSA}:
        return SecretBytes(tlv.encode(0x30, draw(st.binary(max_size=300))))
    else:
        lengths = {
            Algorithm.AES: [16, 24, 32],
            Algorithm.DES: [8],
            Algorithm.TDES: [16, 24],
            Algorithm.HMAC: [14, 20, 30, 32, 64],
        }[algorithm]
    length = draw(st.sampled_from(lengths))
    return SecretBytes(draw(st.binary(min_size=length, max_size=length)))


@st.composite
def cases(draw: st.DrawFn, longest: int = 2000) -> Case:
    """Draw a header with a key that goes with it and a protection key no weaker than the key."""
    usage, algorithm, mode = draw(st.sampled_from(COMBINATIONS))
    key = draw(keys_of(usage, algorithm))
    needed = strength(algorithm, len(key))
    choices = [(Version.DERIVATION_AES, n) for n in (16, 24, 32) if 8 * n >= needed]
    choices += [(Version.DERIVATION_TDES, n) for n in (16, 24) if (80, 112)[n // 24] >= needed]
    version, length = draw(st.sampled_from(choices))
    header = Header(
        version=version,
        usage=usage,
        algorithm=algorithm,
        mode=mode,
        exportability=draw(st.sampled_from(Exportability)),
        key_version=draw(key_versions),
        context=draw(st.sampled_from(Context)),
    )
    blocks = draw(optional_blocks(header, longest))
    header = dataclasses.replace(header, blocks=blocks)
    return Case(header, draw(st.binary(min_size=length, max_size=length)), key)
