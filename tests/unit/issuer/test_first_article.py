from __future__ import annotations

from pathlib import Path

from PIL import Image

from cardwright.issuer.first_article import first_articles
from cardwright.issuer.message import Sealer
from cardwright.issuer.rows import RequestRow
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest
from tests.unit.issuer.issuer_support import NOW
from tests.unit.issuer.test_issuer_message import row


def test_each_product_gets_one_that_tells_of_nobody(tmp_path: Path) -> None:
    badge = {"number": "A-1", "department": "Research"}
    rows = [
        row(),
        row(account={"pan": "9999990000000006", "sequence_number": 7}),
        row(product="employee-badge", employee=badge, photo="portrait.jpg"),
    ]
    debit, employee = first_articles(rows, tmp_path)
    assert (debit.product, employee.product) == ("emv-debit", "employee-badge")
    assert debit.test_card
    assert employee.test_card
    assert debit.account is None
    assert debit.cardholder.surname.reveal() == "CARD"
    assert employee.employee is not None
    assert (employee.employee.number, employee.employee.department) == ("TEST-0001", "")
    assert employee.photo is not None
    with Image.open(tmp_path / employee.photo) as portrait:
        assert portrait.size == (480, 600)


def test_what_a_request_must_bring_it_brings_too(tmp_path: Path) -> None:
    given = row(
        account={"pan": "9999990000000006"}, address={"lines": ["1 Street"], "country": "IE"}
    )
    [article] = first_articles([given], tmp_path)
    assert article.account is not None
    assert article.account.pan is None
    assert article.address is not None
    assert [line.reveal() for line in article.address.lines] == ["Test cards"]


def test_it_can_be_sealed_and_has_an_id_of_its_own(sealer: Sealer, tmp_path: Path) -> None:
    articles: list[RequestRow] = [
        article for _ in range(2) for article in first_articles([row()], tmp_path)
    ]
    sent = [sealer.message(each, folder=tmp_path, now=NOW) for each in articles]
    outer = [IssuanceRequest.FromString(message.value) for message in sent]
    assert all(each.test_card for each in outer)
    assert len({each.request_id for each in outer}) == 2
