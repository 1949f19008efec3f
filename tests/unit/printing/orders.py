"""Orders to print, shared by the tests of the print bench and the printer."""

from __future__ import annotations

from typing import Any

from cardwright.card import Operation
from cardwright.station.ports import WorkOrder
from services.printing.catalogue import PrintedProduct

CARD = "01932b6e-7c1a-7d42-9f0e-3a5b8c2d6e11"
DIGEST = bytes(range(32))
PRODUCTS = {("emv-debit", 1): PrintedProduct("pvc-dual", "emv-debit/v1", DIGEST)}


def order(card_id: str = CARD, attempt: int = 1, **changes: Any) -> WorkOrder:
    known: dict[str, Any] = {
        "order_id": f"{card_id}.3",
        "card_id": card_id,
        "operation": Operation.PRINT,
        "attempt": attempt,
        "issuer": "aurora-bank",
        "request_id": "r-1",
        "product": "emv-debit",
        "product_version": 1,
        "express": False,
    }
    return WorkOrder(**known | changes)
