from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cardwright.card.events import RequestRefused
from cardwright.issuer.malformed import DEFECTS, MalformedCase, build_malformed, load_malformed
from cardwright.issuer.rows import RequestRow
from tests.unit.request.request_support import NOW, ROW, Bureau, inbound

CASES: Sequence[MalformedCase] = load_malformed(Path("examples/malformed.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.defect)
async def test_each_malformed_message_is_told_by_its_code(
    bureau: Bureau, case: MalformedCase
) -> None:
    own, other = bureau.bank, bureau.works
    if case.issuer == other.issuer:
        own, other = other, own
    row = RequestRow.model_validate(ROW)
    request, data = row.request(case.issuer, NOW), row.sensitive_data(case.issuer, Path())
    message = build_malformed(case, request, data, own, other.signing_key)
    assert message.key == case.request_id.encode()

    result = await bureau.handle(inbound(message))

    if case.outcome:
        [fact] = result.facts
        assert isinstance(fact.body, RequestRefused)
        assert (fact.body.code, fact.body.request_id) == (case.expect, case.request_id)
    else:
        [letter] = result.dead
        assert letter.code == case.expect


def test_every_defect_has_an_example() -> None:
    assert {case.defect for case in CASES} == DEFECTS.keys()
