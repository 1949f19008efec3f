"""The keys of one application, as the groupings that its chip takes.

EMV applications take DGI 8000 with three keys and 9000 with their check values, 8010 with the PIN
and 9010 with its tries (EMV CPS 1.1, annex A); badges take 8001 and 9001.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cardwright.access.an10922 import diversify
from cardwright.cipher import BlockCipher
from cardwright.emv.dgi import Dgi
from cardwright.emv.session import cipher_like
from cardwright.globalplatform.keys import KeyAlgorithm, key_check_value
from cardwright.hsm.port import HsmError, KeyCheck
from cardwright.payment.pinblock import reference_block
from cardwright.secret import SecretBytes, SecretText
from services.keymanagement.module.cards.emv_keys import card_key
from services.keymanagement.module.cards.recipes import ApplicationRecipe, CardRecipe
from services.keymanagement.module.keys import Key, Usage

__all__ = [
    "BADGE",
    "DAC",
    "EMV_USAGES",
    "Groupings",
    "Masters",
    "authentication_code",
    "derive",
    "pin_groupings",
]

EMV_USAGES: Final = {"MK-AC": Usage.IMK_AC, "MK-SMI": Usage.IMK_SMI, "MK-SMC": Usage.IMK_SMC}
"""An EMV card's keys, in the order that DGI 8000 holds them: cryptograms, integrity, secrecy."""
DAC: Final = "MK-DAC"
"""A master that no card key comes from, but the data authentication code of static signatures."""
BADGE: Final = "BADGE"

_EMV_KEYS, _EMV_CHECKS = 0x8000, 0x9000
_BADGE_KEY, _BADGE_CHECK = 0x8001, 0x9001
_PIN, _PIN_TRIES = 0x8010, 0x9010
_MOST_TRIES: Final = 15

Masters = Callable[[str, Usage], tuple[Key, BlockCipher]]
"""Of a master key's label and purpose: the key, and its cipher by handle."""


@dataclass(frozen=True, slots=True)
class Groupings:
    """Encoded groupings of keys, those that follow from them, and the keys' check values."""

    sensitive: tuple[SecretBytes, ...]
    plain: tuple[bytes, ...]
    checks: tuple[KeyCheck, ...] = ()


def derive(card: CardRecipe, application: ApplicationRecipe, masters: Masters) -> Groupings:
    """Derive an application's keys.

    Raises:
        HsmError: CARD_KEY_USAGE for a usage that is not known here, CARD_KEYS_INCOMPLETE for an EMV
            application without all three keys, and as ``card_key`` and ``masters`` raise.
        EmvError: as ``card_key``.
        AccessError: DIVERSIFIER_LENGTH or KEY_ALGORITHM.
    """
    asked = application.masters.keys()
    if unknown := asked - {*EMV_USAGES, DAC, BADGE}:
        raise HsmError(
            "CARD_KEY_USAGE", f"No card key is called {min(unknown)!r}: see the product."
        )
    if asked == {BADGE}:
        return _badge(application, masters)
    if asked - {DAC} != EMV_USAGES.keys():
        raise HsmError("CARD_KEYS_INCOMPLETE", f"An EMV card needs all of {', '.join(EMV_USAGES)}.")
    return _emv(card, application, masters)


def pin_groupings(application: ApplicationRecipe, pin: SecretText) -> Groupings:
    """Return what an application that verifies the PIN itself gets of it.

    Raises:
        HsmError: PIN_TRIES.
    """
    tries = application.pin_tries
    if not 1 <= tries <= _MOST_TRIES:
        raise HsmError("PIN_TRIES", f"A chip allows 1 to {_MOST_TRIES} PIN tries: see the profile.")
    # The counter of tries left, then their limit.
    counters = Dgi(_PIN_TRIES, bytes((tries, tries))).encode()
    return Groupings((_sensitive(_PIN, reference_block(pin).reveal()),), (counters,))


def authentication_code(
    card: CardRecipe, application: ApplicationRecipe, masters: Masters
) -> bytes:
    """Return the data authentication code (9F45) of static signatures, 2 octets.

    EMV leaves it to the issuer (Book 2, 5.4). Here it is the beginning of the card's key under
    IMK-DAC, so that the issuer can compute it again.

    Raises:
        HsmError: CARD_KEYS_INCOMPLETE without such a master, and as ``derive``.
    """
    if DAC not in application.masters:
        raise HsmError("CARD_KEYS_INCOMPLETE", f"Static signatures need a master for {DAC}.")
    _, cipher = masters(application.masters[DAC], Usage.IMK_DAC)
    key = card_key(application.derivation, cipher, card.number.reveal(), card.sequence_number)
    return key.reveal()[:2]


def _emv(card: CardRecipe, application: ApplicationRecipe, masters: Masters) -> Groupings:
    keys, values, checks = b"", b"", []
    for name, usage in EMV_USAGES.items():
        master, cipher = masters(application.masters[name], usage)
        key = card_key(application.derivation, cipher, card.number.reveal(), card.sequence_number)
        value = _check_value(cipher, key)
        keys, values = keys + key.reveal(), values + value
        checks.append(KeyCheck(name, master.key_id, value))
    plain = Dgi(_EMV_CHECKS, values).encode()
    return Groupings((_sensitive(_EMV_KEYS, keys),), (plain,), tuple(checks))


def _badge(application: ApplicationRecipe, masters: Masters) -> Groupings:
    master, cipher = masters(application.masters[BADGE], Usage.BADGE_MASTER)
    key = diversify(cipher, application.badge_diversifier)
    value = _check_value(cipher, key)
    return Groupings(
        (_sensitive(_BADGE_KEY, key.reveal()),),
        (Dgi(_BADGE_CHECK, value).encode(),),
        (KeyCheck(BADGE, master.key_id, value),),
    )


def _check_value(master: BlockCipher, key: SecretBytes) -> bytes:
    """Compute what the chip checks a key by: zeros under triple DES, ones under AES (GP, B.6)."""
    block = cipher_like(master, key).block
    return key_check_value(KeyAlgorithm.TDES if block == 8 else KeyAlgorithm.AES, key)


def _sensitive(identifier: int, value: bytes) -> SecretBytes:
    return SecretBytes(Dgi(identifier, value).encode())
