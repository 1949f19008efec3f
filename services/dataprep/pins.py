"""PINs for a batch of cards: drawn by the security module, or taken over from the issuer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardwright.hsm.port import HsmError, PinItem, PreparedPin, SecurityModule
from services.dataprep.accounts import Faults
from services.dataprep.domain.account import Account, CardPin
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import AnomalyError, PreparationError, RefusedError

__all__ = ["Pins"]

_ISSUERS_FAULT = frozenset({"PIN_BLOCK", "PIN_BLOCK_FORMAT", "PIN_FORMAT", "PIN_LENGTH"})
"""Codes that say: the PIN block of the request holds no PIN under the agreed key."""


class Pins:
    """Gives every card its PIN, which nobody here ever sees.

    Args:
        hsm: The security module.
    """

    def __init__(self, hsm: SecurityModule) -> None:
        self._hsm = hsm

    async def assign(
        self, drafts: Sequence[Draft], accounts: Mapping[str, Account], faults: Faults
    ) -> dict[str, CardPin]:
        """Return the PINs by card id; cards that can't have one are put into ``faults``.

        Args:
            drafts: Cards whose product has a PIN; those without an account are passed over.
            accounts: By card id.
            faults: Where to put what is wrong.

        Raises:
            HsmError: The module is away.
        """
        ready = [item for item in drafts if item.card_id in accounts]
        if not ready:
            return {}
        items = [_item(draft, accounts[draft.card_id]) for draft in ready]
        pins: dict[str, CardPin] = {}
        for draft, prepared in zip(ready, await self._hsm.prepare_pins(items), strict=True):
            if isinstance(prepared, HsmError):
                faults[draft.card_id] = _no_pin(prepared.code, given=not draft.draws_pin)
            else:
                pins[draft.card_id] = _pin(draft, prepared)
        return pins


def _item(draft: Draft, account: Account) -> PinItem:
    pin = draft.product.pin
    assert pin is not None, "only products with a PIN come here"
    return PinItem(
        card_id=draft.card_id,
        pan=account.pan,
        length=pin.length,
        pin_block=draft.request.pin_block.reveal(),
        pin_key=draft.label(pin.pin_key) if pin.pin_key else "",
        method=pin.method or "",
        pvk=draft.label(pin.pvk) if pin.pvk else "",
        pvk_index=pin.pvk_index,
        mailed=draft.mails_pin,
        environment=draft.environment,
    )


def _pin(draft: Draft, prepared: PreparedPin) -> CardPin:
    pin = draft.product.pin
    assert pin is not None, "only products with a PIN come here"
    return CardPin(
        prepared.sealed_for_chip,
        prepared.sealed_for_mailer,
        pin.method,
        str(pin.pvk_index),
        prepared.verification,
        prepared.pvk,
    )


def _no_pin(code: str, *, given: bool) -> PreparationError:
    if given and code in _ISSUERS_FAULT:
        return RefusedError(
            "PIN_BLOCK_UNUSABLE",
            "The PIN block holds no PIN under the key and format agreed with you; make it anew",
        )
    return AnomalyError(
        "PIN_UNAVAILABLE",
        f"The security module makes no PIN for the card ({code}); install the issuer's keys for "
        "PINs or mend the product, then waive, or refuse the card",
    )
