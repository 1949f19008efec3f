"""Verbs of PINs: drawn, taken over from the issuer, sealed, verified on line, moved.

A PIN is in clear here alone, and in the PIN mailer's station, which opens section "pin".
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

from cardwright.hsm.pins import PinItem, PinTranslation, PreparedPin
from cardwright.hsm.port import HsmError
from cardwright.payment import ibm3624, pvv
from cardwright.payment.errors import PinError
from cardwright.payment.pin import generate
from cardwright.payment.pinblock import Format, Leg, decipher, translate
from cardwright.proto.vault.v1.sections_pb2 import PinSection
from cardwright.secret import SecretText
from services.keymanagement.module.inventory.lifecycle import Work
from services.keymanagement.module.keys import Key, Usage
from services.keymanagement.module.policy import Caller
from services.keymanagement.module.verbs.base import VerbsBase
from services.keymanagement.module.verbs.batches import each

__all__ = ["PinVerbs"]

_CARD_PIN: Final = "card_pin"
_MAILED_PIN: Final = "pin"
_FORMAT_OF_LENGTH: Final = {8: Format.ISO_0, 16: Format.ISO_4}
_BLOCK_CODES: Final = frozenset({"PIN_BLOCK_CONTROL", "PIN_BLOCK_PIN", "PIN_BLOCK_FILLER"})


class _Ready(NamedTuple):
    """A PIN before it is sealed."""

    section: bytes
    verification: SecretText
    pvk: str


class PinVerbs(VerbsBase):
    """PIN verification and PIN encryption keys."""

    def prepare_pins(
        self, caller: Caller, items: Sequence[PinItem]
    ) -> list[PreparedPin | HsmError]:
        """Draw each PIN or take the issuer's; it leaves sealed, beside what verifies it."""
        caller.require_verb("prepare_pins")
        ready = each(items, partial(self._ready, caller))
        sealed = {
            item.card_id: pin.section
            for item, pin in zip(items, ready, strict=True)
            if not isinstance(pin, HsmError)
        }
        for_chip = self._sections.seal(_CARD_PIN, sealed)
        mailed = {item.card_id for item in items if item.mailed}
        for_mailer = self._sections.seal(
            _MAILED_PIN, {card: section for card, section in sealed.items() if card in mailed}
        )
        return [
            pin
            if isinstance(pin, HsmError)
            else PreparedPin(
                for_chip[item.card_id],
                for_mailer.get(item.card_id, b""),
                pin.verification,
                pin.pvk,
            )
            for item, pin in zip(items, ready, strict=True)
        ]

    def translate_pins(
        self, caller: Caller, items: Sequence[PinTranslation]
    ) -> list[bytes | HsmError]:
        """Move PIN blocks as ISO 9564-1 lets them: a PIN stays bound to its account."""
        caller.require_verb("translate_pins")
        return each(items, partial(self._translate, caller))

    def _ready(self, caller: Caller, item: PinItem) -> _Ready:
        pin = self._received(caller, item) if item.pin_block else generate(item.length)
        verification, pvk = self._verification(caller, item, pin)
        return _Ready(PinSection(pin=pin.reveal()).SerializeToString(), verification, pvk)

    def _received(self, caller: Caller, item: PinItem) -> SecretText:
        """Take the issuer's PIN as it is: that it may be guessed is for the issuer to prevent."""
        form = _FORMAT_OF_LENGTH.get(len(item.pin_block))
        if form is None:
            raise HsmError("PIN_BLOCK_LENGTH", "An issuer's PIN block has 8 or 16 octets.")
        key = self._pin_key(caller, "prepare_pins", item.pin_key, Work.PROCESS, item.environment)
        try:
            return decipher(Leg(form, self._backend.cipher(key), item.pan), item.pin_block)
        except PinError as error:
            raise _veiled(error) from None

    def _verification(
        self, caller: Caller, item: PinItem, pin: SecretText
    ) -> tuple[SecretText, str]:
        """Return what verifies the PIN on line, and which key made it."""
        match item.method:
            case "":
                return SecretText(""), ""
            case "pvv":
                caller.require_key("prepare_pins", item.pvk)
                key = self._directory.find(item.pvk, Usage.PVK, environment=item.environment)
                value = pvv.pvv(self._backend.tdes(key), item.pvk_index, item.pan, pin)
            case "ibm3624":
                caller.require_key("prepare_pins", item.pvk)
                key = self._directory.find(item.pvk, Usage.IBM_PIN, environment=item.environment)
                value = ibm3624.offset(self._backend.tdes(key), ibm3624.Scheme(), item.pan, pin)
            case _:
                raise HsmError(
                    "PIN_METHOD", f"No PIN is verified by {item.method!r}: see the product."
                )
        return SecretText(value), key.key_id

    def _translate(self, caller: Caller, item: PinTranslation) -> bytes:
        source = self._pin_key(caller, "translate_pins", item.from_key, Work.PROCESS)
        # A live PIN never comes under a test key, nor the reverse.
        environment = self._directory.environment(source)
        target = self._pin_key(caller, "translate_pins", item.to_key, Work.PROTECT, environment)
        try:
            return translate(
                item.pin_block,
                self._leg(source, item.from_format, item.pan),
                self._leg(target, item.to_format, item.pan),
            )
        except PinError as error:
            raise _veiled(error) from None

    def _leg(self, key: Key, number: int, pan: SecretText) -> Leg:
        try:
            form = Format(number)
        except ValueError:
            raise HsmError("PIN_FORMAT", "PIN blocks have formats 0 to 4.") from None
        return Leg(form, self._backend.cipher(key), pan)

    def _pin_key(
        self, caller: Caller, verb: str, name: str, work: Work, environment: str = ""
    ) -> Key:
        caller.require_key(verb, name)
        return self._directory.find(name, Usage.PIN_ENCRYPTION, work, environment=environment)


def _veiled(error: PinError) -> HsmError:
    """Tell no caller what in a deciphered block was wrong: trials would lead to its PIN."""
    if error.code in _BLOCK_CODES:
        return HsmError("PIN_BLOCK", "The PIN block holds no PIN of this format, account and key.")
    return HsmError(error.code, str(error))
