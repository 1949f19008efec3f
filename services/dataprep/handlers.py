"""Orders to prepare in; sections into the vault, facts out. A batch costs one call a concern.

The security module, the vault and the database of this service are each asked once for the whole
batch. What is wrong with one card is that card's answer; what is wrong with a neighbour raises, and
the batch is tried again: everything written here may be written twice.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cardwright.access.wiegand import Credential
from cardwright.card import Body, Operation
from cardwright.card.events import ExceptionOpened, KeyCheck, PreparationRefused, Prepared
from cardwright.hsm.jose import seal_compact
from cardwright.hsm.port import SecurityModule
from cardwright.secret import SecretBytes
from cardwright.station.ports import Answer, Transaction, WorkOrder
from services.dataprep.accounts import Accounts, Faults
from services.dataprep.adapters.sections import SEALED, SECTIONS, encode_sections, read_request
from services.dataprep.catalogue import Catalogue
from services.dataprep.credentials import Credentials
from services.dataprep.domain.account import Account, CardPin
from services.dataprep.domain.compose import compose
from services.dataprep.domain.draft import Draft, draft
from services.dataprep.domain.faults import AnomalyError, PreparationError, RefusedError
from services.dataprep.pins import Pins
from services.dataprep.ports import Registry, Vault

__all__ = ["PrepareDesk"]


@dataclass(frozen=True, slots=True)
class _Allotted:
    """What cards of a batch got, by card id."""

    accounts: Mapping[str, Account]
    credentials: Mapping[str, Credential]
    pins: Mapping[str, CardPin]

    def of(self, card_id: str) -> tuple[Account | None, Credential | None, CardPin | None]:
        """What one card got."""
        return (
            self.accounts.get(card_id),
            self.credentials.get(card_id),
            self.pins.get(card_id),
        )


@dataclass(frozen=True, slots=True)
class _Made:
    """A card that is prepared: its draft, what it was allotted, and serialized sections."""

    draft: Draft
    account: Account | None
    credential: Credential | None
    pin: CardPin | None
    sections: Mapping[str, bytes]


class PrepareDesk:
    """The desk for the operation PREPARE.

    Args:
        catalogue: Products, issuers and their keys.
        vault: The vault, in the role of this service.
        hsm: The security module, with the token of this service.
        registry: Numbers, cards and cases, in the database of this service.
        today: The clock; a card's validity counts from its day, UTC.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        vault: Vault,
        hsm: SecurityModule,
        registry: Registry,
        today: Callable[[], dt.date] = lambda: dt.datetime.now(dt.UTC).date(),
    ) -> None:
        self._catalogue = catalogue
        self._vault = vault
        self._registry = registry
        self._accounts = Accounts(registry, hsm)
        self._credentials = Credentials(registry)
        self._pins = Pins(hsm)
        self._today = today

    async def handle(self, orders: Sequence[WorkOrder], tx: Transaction) -> Sequence[Answer]:
        """Prepare every card; see ``cardwright.station.ports.Desk``."""
        faults: Faults = {}
        requests = await self._vault.open("request", [order.card_id for order in orders])
        # One that was changed is no request, and so missing.
        drafts = self._drafts(orders, requests.cards, faults)
        accounts = await self._accounts.assign(
            [item for item in drafts if item.product.payment is not None],
            {order.card_id: order.waived for order in orders},
            tx,
            faults,
        )
        credentials = await self._credentials.assign(
            [item for item in drafts if item.product.credential], tx, faults
        )
        with_pin = [item for item in drafts if item.product.pin is not None]
        pins = await self._pins.assign(with_pin, accounts, faults)
        made = self._made(drafts, _Allotted(accounts, credentials, pins), faults)
        await self._store(made.values())
        opened = {card: f.code for card, f in faults.items() if isinstance(f, AnomalyError)}
        await self._registry.open_cases(tx, opened)
        return [self._answer(order, made, faults) for order in orders]

    def _drafts(
        self,
        orders: Sequence[WorkOrder],
        requests: Mapping[str, SecretBytes],
        faults: Faults,
    ) -> list[Draft]:
        today, drafts = self._today(), []
        for order in orders:
            try:
                drafts.append(self._draft(order, requests.get(order.card_id), today))
            except PreparationError as fault:
                faults[order.card_id] = fault
        return drafts

    def _draft(self, order: WorkOrder, section: SecretBytes | None, today: dt.date) -> Draft:
        product = self._catalogue.product(order.product, order.product_version)
        issuer = self._catalogue.issuers.get(order.issuer)
        if product is None or issuer is None:
            raise AnomalyError(
                "CATALOGUE_ENTRY_MISSING",
                "The catalogue lacks the card's product or issuer; add it, then waive",
            )
        if section is None:
            raise AnomalyError(
                "REQUEST_MISSING",
                "The vault holds no request for the card that opens; was it erased? "
                "Restore it and waive, or refuse the card",
            )
        request = read_request(section)
        if (request.issuer, request.request_id) != (order.issuer, order.request_id):
            raise RefusedError(
                "REQUEST_ISSUER_MISMATCH", "The request in the vault is another one; ask again"
            )
        return draft(
            order.card_id,
            request,
            product,
            issuer,
            waived=order.waived,
            today=today,
            test_card=order.test_card,
        )

    def _made(
        self, drafts: Iterable[Draft], allotted: _Allotted, faults: Faults
    ) -> dict[str, _Made]:
        made = {}
        for item in drafts:
            if item.card_id in faults:
                continue
            account, credential, pin = allotted.of(item.card_id)
            try:
                sections = encode_sections(
                    compose(item, account, credential, pin, self._catalogue.profiles)
                )
            except PreparationError as fault:
                faults[item.card_id] = fault
            else:
                made[item.card_id] = _Made(item, account, credential, pin, sections)
        return made

    async def _store(self, made: Iterable[_Made]) -> None:
        """Write each section of the batch in one call; the calls run side by side."""
        cards = list(made)
        await asyncio.gather(
            *(
                (self._vault.put_sealed if section in SEALED else self._vault.put)(section, items)
                for section in SECTIONS
                if (
                    items := {
                        card.draft.card_id: card.sections[section]
                        for card in cards
                        if section in card.sections
                    }
                )
            )
        )

    def _answer(
        self,
        order: WorkOrder,
        made: Mapping[str, _Made],
        faults: Mapping[str, PreparationError],
    ) -> Answer:
        fault = faults.get(order.card_id)
        if fault is not None:
            return Answer(order.order_id, _fault_body(fault))
        card = made[order.card_id]
        attachment = b""
        if issued := _issued_values(card):
            key = self._catalogue.issuer_keys[order.issuer]
            headers = {"kid": key["kid"], "cty": "json"}
            attachment = seal_compact(key, json.dumps(issued).encode(), headers).encode()
        return Answer(order.order_id, _prepared(card), attachment)


def _fault_body(fault: PreparationError) -> Body:
    if isinstance(fault, AnomalyError):
        return ExceptionOpened(fault.code, fault.detail)
    return PreparationRefused(fault.code, fault.detail)


def _prepared(card: _Made) -> Prepared:
    product, account = card.draft.product, card.account
    return Prepared(
        product_version=product.version,
        route=_route(card.draft),
        max_attempts=product.max_attempts,
        truncated_pan=f"{account.pan.first6}******{account.pan.last4}" if account else "",
        sections=tuple(card.sections),
        material=product.material,
        keys=tuple(_keys(card)),
    )


def _keys(card: _Made) -> Iterator[KeyCheck]:
    """Name the keys that made the card's verification values; nothing derives from them."""
    if card.account is not None and card.account.cvk:
        yield KeyCheck("CVK", card.account.cvk, b"")
    if card.pin is not None and card.pin.pvk:
        yield KeyCheck("PVK", card.pin.pvk, b"")


def _issued_values(card: _Made) -> dict[str, Any]:
    """Return what the bureau chose and the issuer must learn; empty where it chose nothing."""
    issued: dict[str, Any] = dict(card.pin.places) if card.pin else {}
    if card.account is not None and card.account.issued:
        issued["pan"] = card.account.pan.digits()
    if card.account is not None and issued:
        issued |= {"psn": card.account.sequence_number, "expiry": card.account.expiry.yymm}
    if card.credential is not None:
        issued["credential"] = {
            "format": card.credential.format.name,
            "facility": card.credential.facility,
            "number": card.credential.number,
            "bits": card.credential.bits(),
        }
    return issued


def _route(card: Draft) -> tuple[Operation, ...]:
    """Return the product's route, without the PIN's post where the holder knows the PIN."""
    route = card.product.route
    return route if card.mails_pin else tuple(o for o in route if o is not Operation.MAIL_PIN)
