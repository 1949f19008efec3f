"""Key blocks, whole: wrap a key, unwrap one (X9.143-2021, clauses 5 to 7).

The example of TR-31:2018, A.7.4:

>>> kbpk = "88E1AB2A2E3DD38C1FA039A536500CC8A87AB9D62DC92C01058FA79F44657DE6"
>>> header, key = unwrap(
...     ClearAes(SecretBytes(bytes.fromhex(kbpk))),
...     "D0112P0AE00E0000B82679114F470F540165EDFBF7E250FCEA43F810D215F8D2"
...     "07E2E417C07156A27E8E31DA05F7425509593D03A457DC34")
>>> header.usage, header.mode, key
(<Usage.PIN_ENCRYPTION: 'P0'>, <Mode.ENCRYPT: 'E'>, SecretBytes(<16 octets>))
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from typing import Final

from cardwright.cipher import BlockCipher, ClearAes, ClearTdes
from cardwright.keyblock.binding import check_protection_key, open_payload, seal_payload
from cardwright.keyblock.combinations import check_combination, check_key
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Algorithm, Usage
from cardwright.keyblock.header import LONGEST, Header, encode_header, split
from cardwright.keyblock.kcv import CheckValue, check_value
from cardwright.keyblock.optional import OptionalBlock
from cardwright.keyblock.rules import check_contents, check_strength
from cardwright.keyblock.text import hex_octets
from cardwright.secret import SecretBytes

__all__ = ["unwrap", "wrap"]

_MASKED: Final = {Algorithm.AES: 32, Algorithm.TDES: 24}
_COUNT = 2  # octets of the key's length in bits


def wrap(
    kbpk: BlockCipher,
    header: Header,
    key: SecretBytes,
    *,
    masked_length: int | None = None,
    random: Callable[[int], bytes] = os.urandom,
) -> str:
    """Return a key block of version B or D.

    An optional block ``KC`` or ``KP`` without data gets the check value of the key or of ``kbpk``.

    Args:
        kbpk: the protection key: triple DES for version B, AES for D, no weaker than the key
            unless ``WP`` tells so.
        header: what the key may do.
        key: an asymmetric one is a DER sequence (RSAPrivateKey, ECPrivateKey).
        masked_length: how many octets the key shall seem to have; left out, as many as the longest
            of its algorithm, and no more than it has where that has no longest.
        random: gives so many octets of padding.

    Raises:
        KeyBlockError: KEYBLOCK_VERSION, KEYBLOCK_COMBINATION, KEYBLOCK_OPTIONAL, KEYBLOCK_KEY,
            KEYBLOCK_KBPK, KEYBLOCK_KCV or KEYBLOCK_LENGTH.
    """
    if header.version.is_variant:
        raise KeyBlockError("KEYBLOCK_VERSION", "Versions A and C are only read; write B or D")
    check_protection_key(header.version, kbpk)
    check_combination(header.usage, header.algorithm, header.mode)
    check_key(header.usage, header.algorithm, key)
    completed = _with_check_values(header, kbpk, key)
    check_contents(completed)
    check_strength(completed, kbpk, key)
    length = _payload_length(header, key, masked_length)
    text = encode_header(completed, 2 * (length + header.version.mac_length))
    padding = random(length - _COUNT - len(key))
    payload = (8 * len(key)).to_bytes(_COUNT, "big") + key.reveal() + padding
    enciphered, mac = seal_payload(kbpk, text.encode(), payload)
    return text + (enciphered + mac).hex().upper()


def unwrap(kbpk: BlockCipher, block: str) -> tuple[Header, SecretBytes]:
    """Return header and key of a key block, proven to be as they were wrapped.

    Optional blocks come as they were written, since others put other data under X9.143's
    identifiers; ``parse_content`` tells what is as defined.

    Args:
        kbpk: the protection key; versions A and C need one that gives its variants, see
            ``ClearVariantKey``.
        block: the whole key block.

    Raises:
        KeyBlockError: as ``parse_header``, KEYBLOCK_KBPK, KEYBLOCK_MAC for whatever was changed,
            and of a proven block KEYBLOCK_KEY, KEYBLOCK_KCV or, for a ``KC`` or ``KP`` that holds
            no check value, KEYBLOCK_OPTIONAL.
    """
    parts = split(block)
    header = parts.header
    check_protection_key(header.version, kbpk)
    octets = hex_octets(parts.rest, "KEYBLOCK_FORMAT")
    enciphered, mac = octets[: -header.version.mac_length], octets[-header.version.mac_length :]
    if not enciphered or len(enciphered) % header.version.block:
        raise KeyBlockError("KEYBLOCK_LENGTH", "The enciphered key is no whole cipher blocks")
    payload = open_payload(header.version, kbpk, parts.text.encode(), enciphered, mac)
    key = _key_of(payload)
    check_key(header.usage, header.algorithm, key)
    _verify(header.block("KC"), _cipher_of(header, key))
    _verify(header.block("KP"), kbpk)
    return header, key


def _payload_length(header: Header, key: SecretBytes, masked_length: int | None) -> int:
    if masked_length is None:
        masked_length = max(len(key), _MASKED.get(header.algorithm, 0))
    if not len(key) <= masked_length <= LONGEST:
        raise KeyBlockError("KEYBLOCK_LENGTH", "A masked length is no shorter than the key itself")
    return -(-(_COUNT + masked_length) // header.version.block) * header.version.block


def _key_of(payload: bytes) -> SecretBytes:
    bits = int.from_bytes(payload[:_COUNT], "big")
    if bits % 8 or bits // 8 > len(payload) - _COUNT:
        raise KeyBlockError("KEYBLOCK_KEY", "The wrapped key's length is none that fits the block")
    return SecretBytes(payload[_COUNT : _COUNT + bits // 8])


def _with_check_values(header: Header, kbpk: BlockCipher, key: SecretBytes) -> Header:
    """Fill in the check values that are asked for, and compare those that are given."""
    ciphers = {"KC": _cipher_of(header, key), "KP": kbpk}
    blocks = []
    for block in header.blocks:
        if block.id in ciphers and not block.data:
            cipher = ciphers[block.id]
            if cipher is None:
                raise KeyBlockError("KEYBLOCK_KCV", "This kind of key has no check value")
            blocks.append(OptionalBlock(block.id, check_value(cipher).encode()))
        else:
            _verify(block, ciphers.get(block.id))
            blocks.append(block)
    return dataclasses.replace(header, blocks=tuple(blocks))


def _verify(block: OptionalBlock | None, cipher: BlockCipher | None) -> None:
    """Compare a check value with its key; where X9.24-1 has none for the key, nothing is proven."""
    if block and cipher and not CheckValue.parse(block.data).belongs_to(cipher):
        raise KeyBlockError("KEYBLOCK_KCV", f"The check value {block.id} is that of another key")


def _cipher_of(header: Header, key: SecretBytes) -> BlockCipher | None:
    if header.usage is Usage.INITIALIZATION_VECTOR:
        return None
    match header.algorithm:
        case Algorithm.AES:
            return ClearAes(key)
        case Algorithm.TDES:
            return ClearTdes(key)
        case Algorithm.DES:
            return ClearTdes(SecretBytes(key.reveal() * 2))
        case _:
            return None
