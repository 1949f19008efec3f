from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from cardwright.card.events import RequestAccepted, RequestRefused
from cardwright.issuer.files import NumberedRow, read_requests
from tests.unit.request.request_support import DEBIT_BY_POST, NOW, PRODUCTS, Bureau, inbound

FILES = sorted(Path("examples").glob("*/requests.*"))
REFUSED = {
    "AUR-00025-RL": "PAN_LUHN",
    "AUR-00026-TF": "CONSENT_EXPIRED",
    "AUR-00029-MD": "PRODUCT_UNKNOWN",
    "AUR-00004-ZC": "REQUEST_DUPLICATE",
    "bw-badge-0024-k": "PHOTO_NOT_AN_IMAGE",
}


async def test_the_examples_come_to_what_their_readme_says() -> None:
    bureau = Bureau(products={**PRODUCTS, "emv-debit": DEBIT_BY_POST})
    messages = []
    for path in FILES:
        sealer = bureau.bank if path.parent.name == "aurora-bank" else bureau.works
        messages += [
            sealer.message(item.row, folder=path.parent, now=NOW, screen=False)
            for item in read_requests(path)
            if isinstance(item, NumberedRow)
        ]
    result = await bureau.handle(*(inbound(each, place) for place, each in enumerate(messages)))

    bodies = [fact.body for fact in result.facts]
    refused = {body.request_id: body.code for body in bodies if isinstance(body, RequestRefused)}
    accepted = Counter(body.product for body in bodies if isinstance(body, RequestAccepted))
    assert len(messages) == 61
    assert refused == REFUSED
    assert accepted == {"emv-debit": 32, "employee-badge": 23}
    assert [letter.code for letter in result.dead] == ["REQUEST_ID_IS_PAN"]
    assert sum(fact.lane_express for fact in result.facts) == 6


@pytest.mark.parametrize("request_id", REFUSED)
def test_the_readme_names_what_is_refused(request_id: str) -> None:
    [line] = [
        line for line in Path("examples/README.md").read_text().splitlines() if request_id in line
    ]
    assert REFUSED[request_id] in line
