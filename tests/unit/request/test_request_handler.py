from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.json_format import MessageToJson
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from cardwright.bus.message import Inbound
from cardwright.card.events import RequestAccepted, RequestRefused
from cardwright.issuer.message import RequestMessage
from cardwright.issuer.seal import encrypt, seal, sign
from cardwright.proto.common.v1.common_pb2 import LANE_BATCH, LANE_EXPRESS
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest, SensitiveData
from cardwright.station.intake import IntakeResult
from services.request.domain.rules import RULES
from tests.unit.request.request_support import ROW, Bureau, fresh_key, image, inbound

BADGE: dict[str, Any] = {
    "product": "employee-badge",
    "employee": {"number": "BW-1", "department": "Foundry"},
}


def refusal(result: IntakeResult) -> RequestRefused:
    [fact] = result.facts
    assert isinstance(fact.body, RequestRefused)
    return fact.body


def dead_code(result: IntakeResult) -> str:
    assert result.facts == []
    [letter] = result.dead
    return letter.code


def reworked(bureau: Bureau, **outer: Any) -> RequestMessage:
    """A message whose outer fields differ from what was sealed."""
    request = IssuanceRequest.FromString(bureau.message().value)
    request.MergeFrom(IssuanceRequest(**outer))
    return bureau.bank.wrap(request)


async def test_a_good_request_becomes_a_card(bureau: Bureau) -> None:
    message = bureau.message(lane="express", account={"pan": "9999990000000006"})
    result = await bureau.handle(inbound(message))
    [fact] = result.facts
    assert fact.body == RequestAccepted(
        "aurora-bank", "AUR-00001-AA", "emv-debit", LANE_EXPRESS, tuple(map(str, RULES))
    )
    assert fact.lane_express
    assert UUID(fact.stream_id).version == 7
    [(section, items)] = bureau.vault.puts
    assert section == "request"
    assert SensitiveData.FromString(items[fact.stream_id]).account.pan == "9999990000000006"


async def test_a_test_card_is_said_to_be_one(bureau: Bureau) -> None:
    [fact] = (await bureau.handle(inbound(bureau.message(test_card=True)))).facts
    assert isinstance(fact.body, RequestAccepted)
    assert fact.body.test_card


async def test_an_unstated_lane_is_batch(bureau: Bureau) -> None:
    request = IssuanceRequest.FromString(bureau.message().value)
    request.ClearField("lane")
    [fact] = (await bureau.handle(inbound(bureau.bank.wrap(request)))).facts
    assert isinstance(fact.body, RequestAccepted)
    assert fact.body.lane == LANE_BATCH


async def test_a_batch_is_opened_by_one_call(bureau: Bureau) -> None:
    messages = [
        inbound(bureau.message(request_id=f"AUR-{number:05}-AA"), number) for number in range(20)
    ]
    result = await bureau.handle(*messages)
    assert len(result.facts) == 20
    assert bureau.module.calls == 1
    assert len(bureau.vault.puts) == 1


async def test_an_empty_batch_comes_to_nothing(bureau: Bureau) -> None:
    assert await bureau.handle() == IntakeResult([], [])
    assert bureau.module.calls == 0


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"product": "emv-platinum"}, "PRODUCT_UNKNOWN"),
        (
            {"consent": ROW["consent"] | {"given_at": "now+1d"}},
            "CONSENT_NOT_YET",
        ),
        (
            {"consent": ROW["consent"] | {"given_at": "now-9d", "expires_at": "now-1d"}},
            "CONSENT_EXPIRED",
        ),
        ({"account": {"pan": "9999990000000007"}}, "PAN_LUHN"),
        ({"account": {"pan": "4111111111111111"}}, "PAN_RANGE"),
        ({"account": {"expiry": "2602"}}, "EXPIRY_PAST"),
        ({"employee": {"number": "BW-1"}}, "EMPLOYEE_UNEXPECTED"),
        (BADGE, "PHOTO_MISSING"),
        (BADGE | {"photo": "no.jpg"}, "PHOTO_NOT_AN_IMAGE"),
        (BADGE | {"photo": "no.jpg", "employee": None}, "EMPLOYEE_MISSING"),
        (BADGE | {"account": {"expiry": "4912"}, "photo": "no.jpg"}, "ACCOUNT_UNEXPECTED"),
    ],
)
async def test_refusals(bureau: Bureau, tmp_path: Path, fields: dict[str, Any], code: str) -> None:
    (tmp_path / "no.jpg").write_text("no photo")
    result = await bureau.handle(inbound(bureau.message(tmp_path, **fields)))
    refused = refusal(result)
    assert refused.code == code
    assert refused.request_id == "AUR-00001-AA"
    assert bureau.vault.puts == []


async def test_a_name_of_no_product_does_not_travel_on(bureau: Bureau) -> None:
    refused = refusal(await bureau.handle(inbound(bureau.message(product="a4111111111111111"))))
    assert refused.code == "PRODUCT_UNKNOWN"
    assert refused.product == ""


async def test_a_product_of_another_issuer(bureau: Bureau) -> None:
    refused = refusal(await bureau.handle(inbound(reworked(bureau, product="employee-badge"))))
    assert (refused.code, refused.product) == ("PRODUCT_NOT_OFFERED", "employee-badge")


async def test_a_sealed_part_moved_to_another_request(bureau: Bureau) -> None:
    refused = refusal(await bureau.handle(inbound(reworked(bureau, request_id="AUR-00002-AA"))))
    assert refused.code == "REQUEST_ISSUER_MISMATCH"


async def test_an_outer_issuer_that_is_not_the_topics(bureau: Bureau) -> None:
    refused = refusal(await bureau.handle(inbound(reworked(bureau, issuer="borealis-works"))))
    assert (refused.code, refused.issuer) == ("REQUEST_ISSUER_MISMATCH", "aurora-bank")


async def test_outer_fields_out_of_form(bureau: Bureau) -> None:
    request = IssuanceRequest.FromString(bureau.message().value)
    request.product = "Emv"
    request.ClearField("consent")
    refused = refusal(await bureau.handle(inbound(bureau.bank.wrap(request))))
    assert refused.code == "REQUEST_FIELDS"
    assert refused.detail.endswith(": product, consent")


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        (b"not JSON: 9999990000000006", "sealed"),
        (b'{"surname": "Sample"}', "sealed"),
        (b"\xff", "sealed"),
        (
            MessageToJson(SensitiveData(issuer="aurora-bank", request_id="x")).encode(),
            "sealed.cardholder",
        ),
    ],
)
async def test_sealed_fields_out_of_form(bureau: Bureau, payload: bytes, path: str) -> None:
    sealed = encrypt(sign(payload, bureau.bank_key), bureau.module.public)
    refused = refusal(await bureau.handle(inbound(reworked(bureau, sealed=sealed))))
    assert refused.code == "REQUEST_FIELDS"
    assert refused.detail.endswith(f": {path}")
    assert "9999" not in refused.detail


async def test_a_timestamp_out_of_range(bureau: Bureau) -> None:
    request = IssuanceRequest.FromString(bureau.message().value)
    request.consent.expires_at.seconds = 1 << 60
    refused = refusal(await bureau.handle(inbound(bureau.bank.wrap(request))))
    assert refused.code == "REQUEST_FIELDS"


@pytest.mark.parametrize("value", [b"\x07\xff", b"", b"\x12\x03abc", b"plain text"])
async def test_garbage(bureau: Bureau, value: bytes) -> None:
    result = await bureau.handle(Inbound("requests.aurora-bank", 0, 1, None, value))
    assert dead_code(result) == "REQUEST_GARBAGE"


async def test_an_account_number_as_request_id(bureau: Bureau) -> None:
    result = await bureau.handle(inbound(bureau.message(request_id="9999990000000006")))
    assert dead_code(result) == "REQUEST_ID_IS_PAN"
    assert "9999" not in result.dead[0].detail


async def test_an_account_number_as_message_key(bureau: Bureau) -> None:
    message = replace(inbound(bureau.message()), key=b"9999990000000006")
    assert dead_code(await bureau.handle(message)) == "REQUEST_ID_IS_PAN"


async def test_a_topic_of_nobody(bureau: Bureau) -> None:
    result = await bureau.handle(inbound(bureau.message(), topic="requests.nobody"))
    assert dead_code(result) == "ISSUER_UNKNOWN"


async def test_a_signature_by_a_key_that_only_borrows_the_id(bureau: Bureau) -> None:
    data = SensitiveData(issuer="aurora-bank", request_id="AUR-00001-AA")
    sealed = seal(data, fresh_key("aurora-bank/sign#1"), bureau.module.public)
    result = await bureau.handle(inbound(reworked(bureau, sealed=sealed)))
    assert dead_code(result) == "ENVELOPE_SIGNATURE"


async def test_a_signature_under_a_key_id_that_is_not_registered(bureau: Bureau) -> None:
    data = SensitiveData(issuer="aurora-bank", request_id="AUR-00001-AA")
    renamed = ECKey.import_key(bureau.bank_key.as_dict(private=True) | {"kid": "aurora-bank/x#1"})
    sealed = seal(data, renamed, bureau.module.public)
    result = await bureau.handle(inbound(reworked(bureau, sealed=sealed)))
    assert dead_code(result) == "ENVELOPE_SIGNATURE"


async def test_one_bad_message_harms_no_other(bureau: Bureau) -> None:
    garbage = Inbound("requests.aurora-bank", 0, 1, None, b"\x07")
    result = await bureau.handle(garbage, inbound(bureau.message(), 2))
    assert [letter.message for letter in result.dead] == [garbage]
    assert len(result.facts) == 1


async def test_a_redelivery_states_the_same_facts(bureau: Bureau) -> None:
    message = inbound(bureau.message())
    first = await bureau.handle(message)
    bureau.now += timedelta(days=365)  # by now the consent has ended: the first verdict stays
    assert await bureau.handle(message) == first
    assert len(bureau.vault.puts) == 1


@pytest.mark.parametrize("together", [True, False])
async def test_a_request_id_is_good_once(bureau: Bureau, together: bool) -> None:
    first, second = inbound(bureau.message(), 1), inbound(bureau.message(), 2)
    if together:
        facts = list((await bureau.handle(first, second)).facts)
    else:
        facts = [*(await bureau.handle(first)).facts, *(await bureau.handle(second)).facts]
    assert isinstance(facts[0].body, RequestAccepted)
    assert isinstance(facts[1].body, RequestRefused)
    assert facts[1].body.code == "REQUEST_DUPLICATE"
    assert facts[1].stream_id != facts[0].stream_id
    assert list((await bureau.handle(second)).facts) == facts[1:]
    assert len(bureau.vault.puts) == 1


async def test_the_same_octets_at_another_offset_are_a_duplicate(bureau: Bureau) -> None:
    message = inbound(bureau.message(), 1)
    await bureau.handle(message)
    refused = refusal(await bureau.handle(replace(message, offset=2)))
    assert refused.code == "REQUEST_DUPLICATE"
    assert "the same message" in refused.detail


async def test_a_refused_request_uses_its_id_up(bureau: Bureau) -> None:
    await bureau.handle(inbound(bureau.message(product="emv-platinum"), 1))
    refused = refusal(await bureau.handle(inbound(bureau.message(), 2)))
    assert refused.code == "REQUEST_DUPLICATE"


async def test_what_nobody_signed_uses_no_id_up(bureau: Bureau) -> None:
    forged = seal(
        SensitiveData(issuer="aurora-bank", request_id="AUR-00001-AA"),
        bureau.works_key,
        bureau.module.public,
    )
    await bureau.handle(inbound(reworked(bureau, sealed=forged), 1))
    [fact] = (await bureau.handle(inbound(bureau.message(), 2))).facts
    assert isinstance(fact.body, RequestAccepted)


async def test_two_issuers_may_use_one_id(bureau: Bureau) -> None:
    portrait = {"photo": "portrait-1.jpg"}
    badge = bureau.message(Path("examples/photos"), **BADGE, **portrait)
    result = await bureau.handle(inbound(bureau.message()), inbound(badge))
    assert [type(fact.body) for fact in result.facts] == [RequestAccepted, RequestAccepted]


@given(value=st.binary(max_size=300))
async def test_any_octets_become_dead_letters(value: bytes) -> None:
    bureau = Bureau()
    result = await bureau.handle(Inbound("requests.aurora-bank", 0, 1, None, value))
    assert len(result.dead) == 1
    assert result.facts == []


async def test_the_largest_photo_fits_its_envelope(bureau: Bureau, tmp_path: Path) -> None:
    photo = image("PNG", (340, 460))
    (tmp_path / "large.png").write_bytes(photo.ljust(160_000, b"\0"))
    message = bureau.message(tmp_path, photo="large.png", **BADGE)
    assert len(IssuanceRequest.FromString(message.value).sealed) <= 400_000
    [fact] = (await bureau.handle(inbound(message))).facts
    assert isinstance(fact.body, RequestAccepted)


@pytest.mark.parametrize(
    "token", ["", "no JWS", "e30.e30.", "W10..", "MQ..", "eyJraWQiOltdfQ.e30.AA", "\u00ff.\u00ff."]
)
async def test_what_is_sealed_but_no_jws(bureau: Bureau, token: str) -> None:
    sealed = encrypt(token, bureau.module.public)
    result = await bureau.handle(inbound(reworked(bureau, sealed=sealed)))
    assert dead_code(result) == "ENVELOPE_SIGNATURE"
