"""A card's state as the fold of its events.

Invariants:
- ``due`` is the operation whose order is open, ``turn`` counts the orders. An answer closes the
  turn; if another operation follows, it opens the next one.
- ``blank_serial`` is not empty while something physical of this card exists in the house.
- A terminal card has nothing due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from cardwright.card import events as e
from cardwright.card.events import Body, Disposition, Operation, Verb

__all__ = ["Card", "Status", "apply", "fold"]


class Status(IntEnum):
    """Where a card is in its life; the values are those of query.proto's CardState."""

    IN_PROGRESS = 1
    HELD = 2
    EXCEPTION = 3
    PARKED = 4
    QUARANTINED = 5
    REVOKING = 6
    DISPATCHED = 7
    REFUSED = 8
    REVOKED = 9

    @property
    def terminal(self) -> bool:
        """Nothing more happens to the card."""
        return self >= Status.DISPATCHED


EXPRESS_LANE = 2
_UNASKED = e.Command | e.LotReceived | e.LotIssued | e.Erased | e.KeyChanged
_DATA_ALONE = (Operation.PREPARE, Operation.DERIVE_KEYS)


@dataclass(frozen=True, slots=True)
class Card:
    """One card, as far as its events tell."""

    card_id: str
    issuer: str = ""
    request_id: str = ""
    product: str = ""
    product_version: int = 0
    express: bool = False
    test_card: bool = False
    route: tuple[Operation, ...] = ()
    due: Operation | None = None
    turn: int = 0
    attempt: int = 1
    max_attempts: int = 1
    blank_serial: str = ""
    cplc: bytes = b""
    atc: int = 0
    truncated_pan: str = ""
    sscc: str = ""
    permitted: bool = False
    gone: bool = False
    code: str = ""
    held: bool = False
    exception: bool = False
    parked: bool = False
    answer_refused: bool = False
    quarantined: bool = False
    revoking: bool = False
    end: Status | None = None
    waived: tuple[str, ...] = ()
    unasked: frozenset[str] = frozenset()
    """Ids of the facts that answered no order: turns tell the others' duplicates."""

    @property
    def order_id(self) -> str:
        """The id of the order of this turn: ``<card id>.<turn>``."""
        return f"{self.card_id}.{self.turn}"

    @property
    def status(self) -> Status:
        """One word for it; what an operator must act on comes before what goes by itself."""
        if self.end is not None:
            return self.end
        if self.quarantined:
            return Status.QUARANTINED
        if self.revoking:
            return Status.REVOKING
        if self.exception:
            return Status.EXCEPTION
        if self.parked:
            return Status.PARKED
        if self.held:
            return Status.HELD
        return Status.IN_PROGRESS


def fold(card_id: str, facts: Iterable[e.Fact]) -> Card:
    """Rebuild a card from its facts in sequence."""
    card = Card(card_id)
    for fact in facts:
        card = apply(card, fact)
    return card


def apply(card: Card, fact: e.Fact) -> Card:
    """Return the card after ``fact``. The fact is in the log: nothing is judged here."""
    after = _APPLY[type(fact.body)](card, fact.body)
    if isinstance(fact.body, _UNASKED):
        return replace(after, unasked=after.unasked | {fact.fact_id})
    return after


def _open(card: Card, operation: Operation, **changes: Any) -> Card:
    return replace(card, due=operation, turn=card.turn + 1, answer_refused=False, **changes)


def _close(card: Card, end: Status, **changes: Any) -> Card:
    rested: dict[str, Any] = {"revoking": False, "held": False, "parked": False, "exception": False}
    return replace(card, due=None, end=end, **rested, **changes)


def _after(card: Card, operation: Operation, **changes: Any) -> Card:
    """Go on along the route after ``operation``, or turn back if the card is being revoked."""
    if card.revoking:
        return _withdraw(replace(card, **changes))
    return _open(card, card.route[card.route.index(operation) + 1], **changes)


def _withdraw(card: Card) -> Card:
    """A revoked card with nothing outstanding: destroy what exists of it, or end.

    What has left the house has left it: then a revoke withdraws no more than the PIN.
    """
    if card.gone:
        return _close(card, Status.DISPATCHED)
    if card.blank_serial:
        return _open(card, Operation.DESTROY)
    return _close(card, Status.REVOKED)


def _accepted(card: Card, body: e.RequestAccepted) -> Card:
    return _open(
        card,
        Operation.PREPARE,
        issuer=body.issuer,
        request_id=body.request_id,
        product=body.product,
        express=body.lane == EXPRESS_LANE,
        test_card=body.test_card,
    )


def _refused(card: Card, body: e.RequestRefused) -> Card:
    return _close(
        card,
        Status.REFUSED,
        issuer=body.issuer,
        request_id=body.request_id,
        product=body.product,
        code=body.code,
    )


def _prepared(card: Card, body: e.Prepared) -> Card:
    known = replace(
        card,
        product_version=body.product_version,
        route=body.route,
        max_attempts=body.max_attempts,
        truncated_pan=body.truncated_pan,
    )
    return _withdraw(known) if card.revoking else _open(known, body.route[0])


def _preparation_refused(card: Card, body: e.PreparationRefused) -> Card:
    return _close(card, Status.REVOKED if card.revoking else Status.REFUSED, code=body.code)


def _exception(card: Card, body: e.ExceptionOpened) -> Card:
    if card.revoking:
        return _withdraw(card)
    return replace(card, due=None, exception=True, code=body.code)


def _keys_derived(card: Card, _: e.KeysDerived) -> Card:
    return _after(card, Operation.DERIVE_KEYS)


def _printed(card: Card, body: e.Printed) -> Card:
    return _after(card, Operation.PRINT, blank_serial=body.blank_serial)


def _encoded(card: Card, body: e.Encoded) -> Card:
    return _after(card, Operation.ENCODE, cplc=body.cplc, atc=body.atc)


def _inspected(card: Card, body: e.Inspected) -> Card:
    if body.passed:
        return _after(card, Operation.INSPECT)
    return _spoiled(card, body.defects[0] if body.defects else "INSPECTION_FAILED")


def _packed(card: Card, body: e.Packed) -> Card:
    return _after(card, Operation.PACK, sscc=body.sscc)


def _dispatched(card: Card, _: e.Dispatched) -> Card:
    gone = replace(card, blank_serial="", permitted=False, gone=True)
    if card.route[-1] is Operation.MAIL_PIN:
        return _after(gone, Operation.DISPATCH)
    return _close(gone, Status.DISPATCHED)


def _pin_mailed(card: Card, _: e.PinMailed) -> Card:
    return _close(card, Status.DISPATCHED)


def _destroyed(card: Card, _: e.Destroyed) -> Card:
    gone = replace(card, blank_serial="", cplc=b"", atc=0, sscc="", permitted=False)
    if card.revoking:
        return _close(gone, Status.REVOKED)
    # Without a route it is to be prepared again: an exception was waived.
    following = Operation.PRINT if card.route else Operation.PREPARE
    return _open(gone, following, attempt=card.attempt + 1)


def _spoiled(card: Card, code: str) -> Card:
    if card.revoking:
        return _withdraw(card)
    if card.attempt >= card.max_attempts:
        return replace(card, due=None, quarantined=True, code=code)
    return _open(card, Operation.DESTROY)


def _failed(card: Card, body: e.OperationFailed) -> Card:
    failed, card = card.due, replace(card, blank_serial=body.blank_serial or card.blank_serial)
    if failed is Operation.MAIL_PIN and body.disposition is Disposition.SPOILED:
        return _form_spoiled(card, body.code)
    # Before a blank is taken there is nothing to look for, and nothing to destroy.
    refused = body.disposition is Disposition.REFUSED or failed in _DATA_ALONE
    spoiled = body.disposition is Disposition.SPOILED and card.blank_serial
    if failed is Operation.DESTROY or not (refused or spoiled):
        return replace(card, due=None, quarantined=True, code=body.code)
    if spoiled and not refused:
        return _spoiled(card, body.code)
    if card.revoking:
        return _withdraw(card)
    return replace(card, due=None, exception=True, code=body.code)


def _form_spoiled(card: Card, code: str) -> Card:
    """Use another form: nobody has the one with the PIN on it."""
    if card.revoking:
        return _withdraw(card)
    if card.attempt >= card.max_attempts:
        return replace(card, due=None, quarantined=True, code=code)
    return _open(card, Operation.MAIL_PIN, attempt=card.attempt + 1)


def _cancelled(card: Card, _: e.OperationCancelled) -> Card:
    return _withdraw(replace(card, permitted=False))


def _command(card: Card, body: e.Command) -> Card:
    return _COMMANDS[body.verb](card)


def _revoke(card: Card) -> Card:
    revoking = replace(
        card, revoking=True, held=False, exception=False, parked=False, quarantined=False
    )
    if card.due is None:
        return _withdraw(revoking)
    return _ask_again(revoking) if card.answer_refused else revoking


def _waive(card: Card) -> Card:
    waived = replace(card, exception=False, waived=(*card.waived, card.code), code="")
    if card.gone:
        return _open(waived, Operation.MAIL_PIN)
    waived = replace(waived, route=())
    return _open(waived, Operation.DESTROY if card.blank_serial else Operation.PREPARE)


def _remake(card: Card) -> Card:
    again = replace(card, quarantined=False, max_attempts=card.attempt + 1, code="")
    if card.gone:
        return _open(again, Operation.MAIL_PIN, attempt=card.attempt + 1)
    if card.blank_serial:
        return _open(again, Operation.DESTROY)
    return _open(again, Operation.PRINT, attempt=card.attempt + 1)


def _release(card: Card) -> Card:
    released = replace(card, held=False, parked=False)
    return _ask_again(released) if card.answer_refused else released


def _ask_again(card: Card) -> Card:
    """Open another turn for what is due: its station has answered, and will not say it again.

    Nothing is done twice: devices know the piece by its job, which stays the same.
    """
    return card if card.due is None else _open(card, card.due)


_COMMANDS: dict[Verb, Callable[[Card], Card]] = {
    Verb.HOLD: lambda card: replace(card, held=True),
    Verb.RELEASE: _release,
    Verb.REVOKE: _revoke,
    Verb.WAIVE: _waive,
    Verb.REFUSE: lambda card: _close(card, Status.DISPATCHED if card.gone else Status.REFUSED),
    Verb.REMAKE: _remake,
    Verb.ERASE: lambda card: card,
}


def _permitted(card: Card, _: e.DispatchPermitted) -> Card:
    return replace(card, permitted=True)


def _parked(card: Card, body: e.Parked) -> Card:
    # The code of an open exception is what an operator waives.
    decided = card.exception or card.quarantined
    answered = card.answer_refused or body.fact_id == card.order_id
    code = card.code if decided else body.code
    return replace(card, parked=True, answer_refused=answered, code=code)


def _no_card(card: Card, _: Body) -> Card:
    return card


_APPLY: dict[type[Any], Callable[[Card, Any], Card]] = {
    e.RequestAccepted: _accepted,
    e.RequestRefused: _refused,
    e.Prepared: _prepared,
    e.PreparationRefused: _preparation_refused,
    e.ExceptionOpened: _exception,
    e.KeysDerived: _keys_derived,
    e.Printed: _printed,
    e.Encoded: _encoded,
    e.Inspected: _inspected,
    e.Packed: _packed,
    e.Dispatched: _dispatched,
    e.Destroyed: _destroyed,
    e.OperationFailed: _failed,
    e.OperationCancelled: _cancelled,
    e.Command: _command,
    e.DispatchPermitted: _permitted,
    e.Parked: _parked,
    e.PinMailed: _pin_mailed,
    e.Erased: _no_card,
    e.KeyChanged: _no_card,
    e.LotReceived: _no_card,
    e.LotIssued: _no_card,
}
