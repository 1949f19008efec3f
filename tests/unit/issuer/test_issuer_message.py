from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cardwright.issuer.errors import RequestError
from cardwright.issuer.message import Sealer
from cardwright.issuer.rows import RequestRow
from cardwright.proto.common.v1.common_pb2 import LANE_EXPRESS
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest
from tests.unit.issuer.issuer_support import GOOD, NOW


def row(**fields: Any) -> RequestRow:
    return RequestRow.model_validate(GOOD | fields)


def code_of(sealer: Sealer, folder: Path, **fields: Any) -> tuple[str, str]:
    with pytest.raises(RequestError) as caught:
        sealer.message(row(**fields), folder=folder, now=NOW)
    return caught.value.code, str(caught.value)


def test_a_message_is_keyed_by_its_request(sealer: Sealer, tmp_path: Path) -> None:
    message = sealer.message(row(lane="express", test_card=True), folder=tmp_path, now=NOW)
    outer = IssuanceRequest.FromString(message.value)
    assert outer.test_card
    assert message.key == b"AUR-00001-AA" == outer.request_id.encode()
    assert outer.lane == LANE_EXPRESS
    assert outer.consent.given_at.ToDatetime(tzinfo=NOW.tzinfo) < NOW
    assert message.headers["ce_type"] == "cardwright.request.v1.IssuanceRequest"


def test_nobody_is_named_outside_the_seal(sealer: Sealer, tmp_path: Path) -> None:
    fields = {"account": {"pan": "9999990000000006"}}
    message = sealer.message(row(**fields), folder=tmp_path, now=NOW)
    assert b"Sample" not in message.value
    assert b"9999990000000006" not in message.value


def test_an_account_number_as_id_stays_home(sealer: Sealer, tmp_path: Path) -> None:
    code, text = code_of(sealer, tmp_path, request_id="9999990000000006")
    assert code == "REQUEST_ID_IS_PAN"
    assert "9999" not in text


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"request_id": "short"}, "request_id"),
        ({"product": "Emv"}, "product"),
        ({"account": {"pan": "12"}}, "sealed.account.pan"),
        ({"account": {"expiry": "2613"}}, "sealed.account.expiry"),
        ({"employee": {"number": "lower"}}, "sealed.employee.number"),
        ({"cardholder": {"surname": "", "given_names": "A"}}, "sealed.cardholder.surname"),
    ],
)
def test_fields_that_the_bureau_would_refuse(
    sealer: Sealer, tmp_path: Path, fields: dict[str, Any], path: str
) -> None:
    code, text = code_of(sealer, tmp_path, **fields)
    assert code == "REQUEST_FIELDS"
    assert text.endswith(f" {path}")


def test_photos_are_read_beside_the_file(sealer: Sealer, tmp_path: Path) -> None:
    assert code_of(sealer, tmp_path, photo="none.jpg")[0] == "FILE_PHOTO"
    (tmp_path / "big.jpg").write_bytes(bytes(160_001))
    assert code_of(sealer, tmp_path, photo="big.jpg")[0] == "FILE_PHOTO"
    (tmp_path / "p.jpg").write_bytes(b"photo")
    assert row(photo="p.jpg").sensitive_data("aurora-bank", tmp_path).photo == b"photo"
