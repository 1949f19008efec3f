"""Keys in ANSI X9.143 (TR-31) key blocks: what our purposes are in a header, and back.

Written are versions B (under triple DES) and D (under AES); A and C are read. A block says what its
key may do, and that must be what the purpose here needs: a CVK that may only verify makes no CVV.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cardwright.cipher import BlockCipher, CipherError
from cardwright.hsm.port import HsmError
from cardwright.keyblock import fields
from cardwright.keyblock.block import unwrap, wrap
from cardwright.keyblock.contents import HmacHash
from cardwright.keyblock.errors import KeyBlockError
from cardwright.keyblock.fields import Context, Exportability, KeyVersion, Mode, Version
from cardwright.keyblock.header import Header
from cardwright.keyblock.moments import encode_moment
from cardwright.keyblock.optional import OptionalBlock
from cardwright.secret import SecretBytes
from services.keymanagement.module.keys import HMAC, Algorithm, Family, Key, Usage

__all__ = ["from_block", "header_of", "purpose_of", "to_block"]

# Purpose: the usage of a header, the mode that is written, and those that are read.
_PURPOSES: Final[dict[Usage, tuple[fields.Usage, Mode, frozenset[Mode]]]] = {}


def _purpose(ours: Usage, theirs: fields.Usage, written: Mode, *also: Mode) -> None:
    # Older writers give a key the mode N, which restricts it to its usage alone.
    _PURPOSES[ours] = (theirs, written, frozenset({written, Mode.UNRESTRICTED, *also}))


_purpose(Usage.CVK, fields.Usage.CARD_VERIFICATION, Mode.GENERATE_VERIFY, Mode.GENERATE)
_purpose(Usage.IMK_AC, fields.Usage.EMV_CRYPTOGRAMS, Mode.DERIVE)
_purpose(Usage.IMK_SMC, fields.Usage.EMV_CONFIDENTIALITY, Mode.DERIVE)
_purpose(Usage.IMK_SMI, fields.Usage.EMV_INTEGRITY, Mode.DERIVE)
_purpose(Usage.IMK_DAC, fields.Usage.EMV_DATA_AUTHENTICATION_CODE, Mode.DERIVE)
_purpose(Usage.IMK_IDN, fields.Usage.EMV_DYNAMIC_NUMBERS, Mode.DERIVE)
_purpose(Usage.CHIP_MASTER, fields.Usage.EMV_PERSONALIZATION, Mode.DERIVE)
_purpose(Usage.IMK_CVC3, fields.Usage.EMV_OTHER, Mode.DERIVE)
_purpose(Usage.BADGE_MASTER, fields.Usage.KEY_DERIVATION, Mode.DERIVE)
_purpose(Usage.PVK, fields.Usage.PIN_VERIFICATION_PVV, Mode.GENERATE_VERIFY, Mode.GENERATE)
_purpose(Usage.IBM_PIN, fields.Usage.PIN_VERIFICATION_IBM_3624, Mode.GENERATE_VERIFY, Mode.GENERATE)
_purpose(Usage.PIN_ENCRYPTION, fields.Usage.PIN_ENCRYPTION, Mode.ENCRYPT_DECRYPT)
_purpose(Usage.ZONE_MASTER, fields.Usage.KEY_ENCRYPTION, Mode.ENCRYPT_DECRYPT)
_purpose(Usage.KEY_ENCRYPTION, fields.Usage.KEY_BLOCK_PROTECTION, Mode.ENCRYPT_DECRYPT)
_purpose(Usage.DIGEST, fields.Usage.HMAC, Mode.GENERATE_VERIFY, Mode.GENERATE)

_OURS: Final = {theirs: ours for ours, (theirs, _, _) in _PURPOSES.items()}
_LETTERS: Final = {
    Family.TDES: fields.Algorithm.TDES,
    Family.AES: fields.Algorithm.AES,
    Family.HMAC: fields.Algorithm.HMAC,
}
_SIZES: Final = {
    fields.Algorithm.TDES: {16: 112, 24: 168},
    fields.Algorithm.AES: {16: 128, 24: 192, 32: 256},
}


def header_of(
    key: Key, kbpk: BlockCipher, exportability: Exportability = Exportability.NONE
) -> Header:
    """Say what a key is, for its block: with check values of both keys, its label and the time.

    Args:
        key: to be wrapped.
        kbpk: what it will be protected by.
        exportability: whether the receiver may pass it on.

    Raises:
        HsmError: KEYBLOCK_USAGE, keys of this purpose never travel in blocks.
    """
    if key.usage not in _PURPOSES:
        raise HsmError("KEYBLOCK_USAGE", f"A key for {key.usage.value} travels in no key block.")
    usage, mode, _ = _PURPOSES[key.usage]
    blocks = [
        OptionalBlock("KP", ""),
        OptionalBlock("LB", key.label),
        OptionalBlock("TS", encode_moment(datetime.now(UTC))),
    ]
    if key.algorithm.family is Family.HMAC:
        blocks.append(OptionalBlock("HM", HmacHash.SHA_256.encode()))
    else:
        blocks.insert(0, OptionalBlock("KC", ""))
    return Header(
        version=Version.DERIVATION_AES if kbpk.block == 16 else Version.DERIVATION_TDES,
        usage=usage,
        algorithm=_LETTERS[key.algorithm.family],
        mode=mode,
        exportability=exportability,
        key_version=KeyVersion(f"{key.version % 100:02}"),
        context=Context.EXCHANGE,
        blocks=tuple(blocks),
    )


def to_block(kbpk: BlockCipher, header: Header, value: SecretBytes) -> str:
    """Wrap a key.

    Raises:
        HsmError: a code of the key block library, e.g. KEYBLOCK_KBPK, it is weaker than the key.
    """
    try:
        return wrap(kbpk, header, value)
    except KeyBlockError as error:
        raise HsmError(error.code, str(error)) from None


def from_block(
    kbpk: BlockCipher, block: str
) -> tuple[Usage, Algorithm, SecretBytes, Exportability]:
    """Unwrap a key whose block was not changed, and say what it is here.

    Whether the value is sound (parity, weak keys) shows when it is brought in.

    Raises:
        HsmError: a code of the key block library, KEYBLOCK_USAGE or KEYBLOCK_MODE.
    """
    try:
        header, value = unwrap(kbpk, block)
    except (KeyBlockError, CipherError) as error:
        raise HsmError(error.code, str(error)) from None
    return purpose_of(header), _algorithm(header, value), value, header.exportability


def purpose_of(header: Header) -> Usage:
    """Return the purpose that a header gives its key.

    Raises:
        HsmError: KEYBLOCK_USAGE, nothing here uses such keys; KEYBLOCK_MODE, it may not do what
            the purpose needs; KEYBLOCK_COMPONENT.
    """
    ours = _OURS.get(header.usage)
    if ours is None:
        raise HsmError("KEYBLOCK_USAGE", f"Nothing here uses keys of usage {header.usage.value}.")
    if header.mode not in _PURPOSES[ours][2]:
        raise HsmError(
            "KEYBLOCK_MODE",
            f"A key for {ours.value} needs another mode of use than {header.mode.value}.",
        )
    if header.key_version.is_component:
        raise HsmError("KEYBLOCK_COMPONENT", "This block holds a component, not a key.")
    hashed = header.block("HM")
    if hashed is not None and hashed.data != HmacHash.SHA_256.encode():
        raise HsmError("KEYBLOCK_USAGE", "Digests here are by HMAC-SHA-256 alone.")
    return ours


def _algorithm(header: Header, value: SecretBytes) -> Algorithm:
    if header.algorithm is fields.Algorithm.HMAC:
        return HMAC
    bits = _SIZES.get(header.algorithm, {}).get(len(value))
    if bits is None:
        raise HsmError("KEYBLOCK_KEY", "A key of this length has no use here.")
    family = Family.AES if header.algorithm is fields.Algorithm.AES else Family.TDES
    return Algorithm(family, bits)
