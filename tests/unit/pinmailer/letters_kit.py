"""Orders, sections and a vault for the tests of the PIN mailer station."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cardwright.card import Operation
from cardwright.proto.vault.v1.sections_pb2 import MailerSection, PinSection
from cardwright.secret import SecretBytes
from cardwright.station.ports import WorkOrder
from cardwright.vault.vault import Opened

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
PIN = "4711"
NAME, STREET, TOWN = "Ines Marlowe", "1 Harbour Lane", "AB1 2CD Aldermoor"


def order(card_id: str = CARD, attempt: int = 1, turn: int = 8) -> WorkOrder:
    return WorkOrder(
        order_id=f"{card_id}.{turn}",
        card_id=card_id,
        operation=Operation.MAIL_PIN,
        attempt=attempt,
        issuer="aurora-bank",
        request_id="r-1",
        product="emv-debit",
        product_version=2,
        express=False,
    )


def pin_section(pin: str = PIN) -> bytes:
    return PinSection(pin=pin).SerializeToString()


def mailer_section(**changes: Any) -> bytes:
    content: dict[str, Any] = {
        "name": NAME,
        "lines": [STREET, TOWN],
        "country": "GB",
        "issuer": "Aldermoor Bank",
        "last_four": "7891",
    }
    return MailerSection(**content | changes).SerializeToString()


class TwoSections:
    """A vault with the two sections that the station's token opens."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, bytes]] = {"pin": {}, "mailer": {}}
        self.damaged: set[tuple[str, str]] = set()
        self.calls: list[tuple[str, list[str]]] = []

    def file(self, card_id: str = CARD, pin: bytes | None = None, **mailer: Any) -> None:
        self.held["pin"][card_id] = pin_section() if pin is None else pin
        self.held["mailer"][card_id] = mailer_section(**mailer)

    async def open(self, section: str, card_ids: Sequence[str]) -> Opened:
        self.calls.append((section, list(card_ids)))
        damaged = {card for name, card in self.damaged if name == section and card in card_ids}
        found = self.held[section].keys() & set(card_ids) - damaged
        return Opened(
            {card: SecretBytes(self.held[section][card]) for card in found}, frozenset(damaged)
        )
