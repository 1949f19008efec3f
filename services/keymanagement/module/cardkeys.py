"""Card keys: how they derive from masters, their check values, and their sealed form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from google.protobuf.message import DecodeError

from cardwright.cipher import BlockCipher, ClearTdes
from cardwright.emv.keys import derive_option_a, kcv
from cardwright.hsm.port import HsmError, KeyCheck
from cardwright.proto.vault.v1.sections_pb2 import ChipKeysSection, KeysSection
from cardwright.secret import SecretBytes
from services.keymanagement.module.backend import Backend
from services.keymanagement.module.directory import KeyDirectory
from services.keymanagement.module.keys import Usage

__all__ = ["BADGE", "EMV_USAGES", "CardKeys", "Recipe", "check_value", "derive", "parse_recipe"]

EMV_USAGES: Final = {"MK-AC": Usage.IMK_AC, "MK-SMI": Usage.IMK_SMI, "MK-SMC": Usage.IMK_SMC}
"""An EMV card's keys, in the order that DGI 8000 holds them: cryptograms, integrity, secrecy."""
BADGE: Final = "BADGE"
_BADGE_LABEL: Final = b"CARDWRIGHT BADGE"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a card's keys derive from: its number, as a secret, and usage to master label."""

    diversifier: SecretBytes
    sequence_number: str
    masters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CardKeys:
    """A card's keys by usage, and how they can be checked."""

    keys: Mapping[str, SecretBytes]
    checks: tuple[KeyCheck, ...]

    def serialized(self) -> bytes:
        """Encode as ChipKeysSection: clear keys, to be sealed at once."""
        keys = {usage: key.reveal() for usage, key in self.keys.items()}
        return ChipKeysSection(keys=keys).SerializeToString()

    @classmethod
    def parse(cls, section: SecretBytes) -> Self:
        """Decode a ChipKeysSection. Its sender's key sealed it, so it is what we wrote."""
        try:
            message = ChipKeysSection.FromString(section.reveal())
        except DecodeError:
            raise _malformed("ChipKeysSection") from None
        return cls({usage: SecretBytes(key) for usage, key in message.keys.items()}, ())


def parse_recipe(section: SecretBytes) -> Recipe:
    """Decode a KeysSection.

    Raises:
        HsmError: SECTION_MALFORMED.
    """
    try:
        message = KeysSection.FromString(section.reveal())
    except DecodeError:
        raise _malformed("KeysSection") from None
    if not (message.diversifier + message.sequence_number).isascii():
        raise _malformed("KeysSection")
    diversifier = SecretBytes(message.diversifier.encode())
    return Recipe(diversifier, message.sequence_number, dict(message.masters))


def derive(backend: Backend, directory: KeyDirectory, recipe: Recipe) -> CardKeys:
    """Derive every key that a recipe names.

    Raises:
        HsmError: KEY_UNKNOWN, KEY_USAGE or CARD_KEY_USAGE, a usage that is not known here.
        EmvError: DERIVATION_INPUT, the diversifier does not suit an EMV card.
    """
    keys: dict[str, SecretBytes] = {}
    checks: list[KeyCheck] = []
    for usage, label in sorted(recipe.masters.items()):
        if usage in EMV_USAGES:
            master = directory.find(label, EMV_USAGES[usage])
            number = recipe.diversifier.reveal().decode()
            keys[usage] = derive_option_a(backend.tdes(master), number, recipe.sequence_number)
        elif usage == BADGE:
            master = directory.find(label, Usage.BADGE_MASTER)
            bound = recipe.diversifier.reveal() + b"/" + recipe.sequence_number.encode()
            keys[usage] = _badge_key(backend.cipher(master), bound)
        else:
            raise HsmError("CARD_KEY_USAGE", f"No card key is called {usage!r}: see the product.")
        checks.append(KeyCheck(usage, master.key_id, check_value(usage, keys[usage])))
    return CardKeys(keys, tuple(checks))


def _badge_key(master: BlockCipher, diversifier: bytes) -> SecretBytes:
    """Derive an AES-128 key: counter mode with 8-bit counter and 32-bit length in bits."""
    fixed = _BADGE_LABEL + b"\0" + diversifier + (128).to_bytes(4, "big")
    return SecretBytes(master.cmac(b"\x01" + fixed))


def check_value(usage: str, key: SecretBytes) -> bytes:
    """Compute a card key's check value as the chip does, 3 octets.

    Of triple DES keys a block of zeros under the key (EMV CPS), of AES keys a block of ones
    (GlobalPlatform 2.3, B.6).
    """
    if usage in EMV_USAGES:
        return kcv(ClearTdes(key))
    encryptor = Cipher(AES(key.reveal()), ECB()).encryptor()  # noqa: S305  # one block, as GP says
    return encryptor.update(b"\x01" * 16)[:3]


def _malformed(name: str) -> HsmError:
    return HsmError("SECTION_MALFORMED", f"The opened section is no {name}.")
