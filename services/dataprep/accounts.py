"""Accounts for a batch of payment cards: number, uniqueness, verification values."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cardwright.hsm.port import CardValues, CardValuesItem, HsmError, SecurityModule
from cardwright.iso.pan import Pan
from cardwright.iso.tracks import Expiry
from cardwright.secret import SecretBytes
from cardwright.station.ports import Transaction
from services.dataprep.domain.account import Account, allocated_pan
from services.dataprep.domain.draft import Draft
from services.dataprep.domain.faults import AnomalyError, PreparationError, RefusedError
from services.dataprep.ports import Allocation, Claim, Registry, Wanted

__all__ = ["Accounts", "Faults"]

Faults = dict[str, PreparationError]
"""What is wrong with the cards of a batch, by card id."""

_PAN_DIGEST_KEY = "digest/pan#1"
_KEY_AT_FAULT = frozenset(
    {
        *("KEY_UNKNOWN", "KEY_USAGE", "KEY_INACTIVE", "KEY_COMPROMISED", "KEY_DESTROYED"),
        *("KEY_ENVIRONMENT", "KEY_USED_UP", "HSM_DENIED", "CVV_KEY"),
    }
)


@dataclass(frozen=True, slots=True)
class _Numbered:
    """A draft with its account number; ``issued``: the bureau chose it."""

    draft: Draft
    pan: Pan
    sequence_number: str
    expiry: Expiry
    issued: bool


class Accounts:
    """Gives every payment card its account.

    Args:
        registry: Which numbers are taken, and by which card.
        hsm: The security module: digests of account numbers, verification values.
    """

    def __init__(self, registry: Registry, hsm: SecurityModule) -> None:
        self._registry = registry
        self._hsm = hsm

    async def assign(
        self,
        drafts: Iterable[Draft],
        waived: Mapping[str, Collection[str]],
        tx: Transaction,
        faults: Faults,
    ) -> dict[str, Account]:
        """Return the accounts by card id; cards that can't have one are put into ``faults``.

        Args:
            drafts: Cards whose own data are in order, each of a product with accounts.
            waived: Codes that were waived, by card id.
            tx: Transaction in the database of this service.
            faults: Where to put what is wrong.

        Raises:
            HsmError: The module is away.
        """
        numbered = await self._numbered(list(drafts), tx, faults)
        if not numbered:
            return {}
        held = await self._held(numbered, tx)
        for item in numbered:
            if item.draft.card_id not in held:
                faults[item.draft.card_id] = _pan_in_use(waived[item.draft.card_id])
        return await self._valued([n for n in numbered if n.draft.card_id in held], faults)

    async def _numbered(
        self, drafts: Sequence[Draft], tx: Transaction, faults: Faults
    ) -> list[_Numbered]:
        """Give every card its account number: the request's, or an index of the issuer's range."""
        allocations = await self._registry.allocate(tx, [_wanted(item) for item in drafts])
        numbered = []
        for item in drafts:
            given = allocations[item.card_id]
            try:
                pan = _pan(item, given)
            except PreparationError as fault:
                faults[item.card_id] = fault
                continue
            expiry = Expiry.from_yymm(given.expiry)
            numbered.append(_Numbered(item, pan, given.sequence_number, expiry, item.pan is None))
        return numbered

    async def _held(self, numbered: Sequence[_Numbered], tx: Transaction) -> set[str]:
        """Claim number, sequence number and expiry for each card, and tell which ones have them."""
        digests = await self._hsm.digest(
            _PAN_DIGEST_KEY, [SecretBytes(item.pan.digits().encode()) for item in numbered]
        )
        return await self._registry.claim(
            tx,
            [
                Claim(item.draft.card_id, digest, item.sequence_number, item.expiry.yymm)
                for item, digest in zip(numbered, digests, strict=True)
            ],
        )

    async def _valued(self, numbered: Sequence[_Numbered], faults: Faults) -> dict[str, Account]:
        """Have the verification values computed, in one call."""
        if not numbered:
            return {}
        results = await self._hsm.card_values([_card_values_item(item) for item in numbered])
        accounts: dict[str, Account] = {}
        for item, values in zip(numbered, results, strict=True):
            if isinstance(values, HsmError):
                faults[item.draft.card_id] = _no_values(values.code)
            else:
                accounts[item.draft.card_id] = _account(item, values)
        return accounts


def _pan(item: Draft, given: Allocation) -> Pan:
    if item.pan is not None:
        return item.pan
    assert given.index is not None, "a card that brings no number was given an index"
    return allocated_pan(item.issuer.account_range, given.index)


def _wanted(item: Draft) -> Wanted:
    return Wanted(
        card_id=item.card_id,
        issuer=item.issuer.name,
        number=item.pan is None,
        sequence_number=item.sequence_number,
        expiry=item.expiry.yymm,
    )


def _card_values_item(item: _Numbered) -> CardValuesItem:
    payment = item.draft.product.payment
    assert payment is not None, "only payment cards are numbered"
    return CardValuesItem(
        cvk=item.draft.label(payment.cvk),
        pan=item.pan,
        expiry=item.expiry.yymm,
        service_code=payment.service_code,
        environment=item.draft.environment,
    )


def _account(item: _Numbered, values: CardValues) -> Account:
    return Account(
        pan=item.pan,
        sequence_number=item.sequence_number,
        expiry=item.expiry,
        cvv=values.cvv,
        cvv2=values.cvv2,
        icvv=values.icvv,
        issued=item.issued,
        cvk=values.cvk,
    )


def _pan_in_use(waived: Collection[str]) -> PreparationError:
    kind = RefusedError if "PAN_IN_USE" in waived else AnomalyError
    return kind(
        "PAN_IN_USE",
        "Another card has this account number, sequence number and expiry; "
        "it can't be waived: refuse the card, and ask with another sequence number",
    )


def _no_values(code: str) -> PreparationError:
    if code in _KEY_AT_FAULT:
        return AnomalyError(
            "CVK_UNUSABLE",
            f"The issuer's card verification key is missing or of another usage ({code}); "
            "install it, then waive",
        )
    return AnomalyError(
        "CARD_VALUES_UNAVAILABLE",
        f"The security module computes no verification values for the card ({code}); "
        "check its product's service code, then waive, or refuse the card",
    )
