from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from cardwright.card.events import ExceptionOpened, PreparationRefused, Prepared
from cardwright.hsm.port import HsmError, SecurityModule
from cardwright.issuer.seal import open_issued_values
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.proto.vault.v1.sections_pb2 import InspectionSection, KeysSection, StripeSection
from cardwright.station.ports import Answer, Transaction, WorkOrder
from services.dataprep.catalogue import Catalogue
from services.dataprep.handlers import PrepareDesk
from tests.unit.dataprep.fakes import (
    BADGE,
    DEBIT,
    ISSUER_KEY,
    TODAY,
    WORKS,
    FakeModule,
    MemoryRegistry,
    MemoryVault,
    badge_request,
    catalogue,
    order,
    sensitive,
)

GIVEN = {"account": {"pan": "9999990000000006", "sequence_number": 3, "expiry": "2812"}}
TX = cast("Transaction", object())


class House:
    """A desk with everything around it."""

    def __init__(
        self, module: FakeModule | None = None, start: int = 0, known: Catalogue | None = None
    ) -> None:
        self.vault, self.registry = MemoryVault(), MemoryRegistry(start)
        self.module = module or FakeModule()
        hsm = cast("SecurityModule", self.module)
        self.desk = PrepareDesk(known or catalogue(), self.vault, hsm, self.registry, lambda: TODAY)

    def ask(self, request: SensitiveData, **changes: Any) -> WorkOrder:
        asked = order(request, **changes)
        held = self.vault.sections.setdefault("request", {})
        held[asked.card_id] = request.SerializeToString()
        return asked

    async def handle(self, *orders: WorkOrder) -> list[Answer]:
        return list(await self.desk.handle(orders, TX))

    async def prepare(self, request: SensitiveData, **changes: Any) -> Answer:
        (answer,) = await self.handle(self.ask(request, **changes))
        return answer


async def test_a_debit_card_is_prepared() -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1", **GIVEN))
    assert answer.body == Prepared(
        product_version=1,
        route=DEBIT.route,
        max_attempts=3,
        truncated_pan="999999******0006",
        sections=("print", "stripe", "chip", "keys", "inspection"),
        material="pvc-dual",
    )
    assert answer.attachment == b""
    card = order(sensitive("request-1")).card_id
    keys = KeysSection.FromString(house.vault.sections["keys"][card])
    assert (keys.diversifier, keys.sequence_number) == ("9999990000000006", "03")
    stripe = StripeSection.FromString(house.vault.sections["stripe"][card])
    assert stripe.track2.startswith(";9999990000000006=2812201")
    assert house.module.cvks == {"aurora-bank/CVK"}


@pytest.mark.parametrize(("test_card", "kind"), [(False, "live"), (True, "test")])
async def test_a_test_card_of_a_live_issuer_is_made_with_its_test_keys(
    test_card: bool, kind: str
) -> None:
    def masters(environment: str) -> dict[str, str]:
        return {name: f"aurora-bank/{environment}/{name}#1" for name in ("CVK", "IMK-AC")}

    known = catalogue()
    bank = known.issuers["aurora-bank"].model_copy(
        update={"environment": "live", "masters": masters("live"), "test_masters": masters("test")}
    )
    issuers = {**known.issuers, bank.name: bank}
    house = House(known=replace(known, issuers=issuers))
    request = sensitive("request-1", **GIVEN)
    asked = replace(house.ask(request), test_card=test_card)
    await house.handle(asked)
    assert (house.module.cvks, house.module.environments) == ({masters(kind)["CVK"]}, {kind})
    keys = KeysSection.FromString(house.vault.sections["keys"][asked.card_id])
    assert keys.environment == kind
    inspection = InspectionSection.FromString(house.vault.sections["inspection"][asked.card_id])
    assert inspection.imk_ac == masters(kind)["IMK-AC"]


async def test_a_badge_has_neither_stripe_nor_account() -> None:
    house = House()
    answer = await house.prepare(badge_request("request-1"))
    assert answer.body == Prepared(
        product_version=2,
        route=BADGE.route,
        max_attempts=3,
        sections=("print", "chip", "keys", "inspection"),
        material="pvc-badge",
    )
    assert "stripe" not in house.vault.sections
    assert house.module.calls == []


async def test_an_allocated_number_is_told_to_the_issuer_alone() -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1"))
    assert isinstance(answer.body, Prepared)
    opened = open_issued_values(answer.attachment.decode(), ISSUER_KEY).reveal()
    told = json.loads(opened)
    assert told.keys() == {"pan", "psn", "expiry"}
    assert told["pan"][:15] == "999999500000000"
    assert (told["psn"], told["expiry"]) == ("00", "2911")
    assert told["pan"].encode() not in answer.attachment
    assert answer.body.truncated_pan == f"999999******{told['pan'][-4:]}"


async def test_an_access_number_is_told_to_the_issuer_alone() -> None:
    house = House()
    answers = [await house.prepare(badge_request(name)) for name in ("badge-1", "badge-2")]
    told = [
        json.loads(open_issued_values(answer.attachment.decode(), ISSUER_KEY).reveal())
        for answer in answers
    ]
    assert [list(values) for values in told] == [["credential"], ["credential"]]
    assert [values["credential"]["number"] for values in told] == [1000, 1001]
    assert told[0]["credential"] == {
        "format": "H10301",
        "facility": 118,
        "number": 1000,
        "bits": "10111011000000011111010001",
    }


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"credential_range": None}, "CREDENTIAL_RANGE_MISSING"),
        ({"last": 999}, "CREDENTIAL_RANGE_EXHAUSTED"),
    ],
)
async def test_a_badge_waits_for_a_range(changes: dict[str, Any], code: str) -> None:
    house = House()
    works = WORKS
    if "last" in changes:
        assert works.credential_range is not None
        changes = {"credential_range": works.credential_range.model_copy(update=changes)}
    known = replace(catalogue(), issuers={WORKS.name: works.model_copy(update=changes)})
    hsm = cast("SecurityModule", house.module)
    house.desk = PrepareDesk(known, house.vault, hsm, house.registry, lambda: TODAY)
    answer = await house.prepare(badge_request("request-1"))
    assert isinstance(answer.body, ExceptionOpened)
    assert answer.body.code == code
    assert "chip" not in house.vault.sections


async def test_preparing_again_gives_the_same_card() -> None:
    house = House()
    first = await house.prepare(sensitive("request-1"))
    sections = {name: dict(items) for name, items in house.vault.sections.items()}
    await house.prepare(sensitive("request-2"))
    second = await house.prepare(sensitive("request-1"))
    assert second.body == first.body
    card = order(sensitive("request-1")).card_id
    for name, items in sections.items():
        if name != "print":  # a map has no order in protobuf
            assert house.vault.sections[name][card] == items[card]


async def test_a_batch_asks_each_neighbour_once() -> None:
    house = House()
    orders = [house.ask(sensitive(f"request-{n}")) for n in range(20)]
    orders += [house.ask(badge_request(f"badge-{n}")) for n in range(20)]
    answers = await house.handle(*orders)
    assert [answer.order_id for answer in answers] == [item.order_id for item in orders]
    assert all(isinstance(answer.body, Prepared) for answer in answers)
    assert house.module.calls == ["digest/pan#1", "card_values"]
    written = ("print", "stripe", "chip", "keys", "inspection")
    assert house.vault.calls == [("open", "request"), *(("put", name) for name in written)]


async def test_two_cards_can_not_have_one_account() -> None:
    house = House()
    first, second = (house.ask(sensitive(f"request-{n}", **GIVEN)) for n in (1, 2))
    answers = await house.handle(first, second)
    assert isinstance(answers[0].body, Prepared)
    assert isinstance(answers[1].body, ExceptionOpened)
    assert answers[1].body.code == "PAN_IN_USE"
    assert house.registry.cases == {second.card_id: "PAN_IN_USE"}
    assert second.card_id not in house.vault.sections["print"]

    again = await house.prepare(sensitive("request-2", **GIVEN), waived=("PAN_IN_USE",))
    assert isinstance(again.body, PreparationRefused)
    assert again.body.code == "PAN_IN_USE"


async def test_the_same_account_with_another_sequence_number_is_another_card() -> None:
    house = House()
    for psn in (1, 2):
        account = {"pan": "9999990000000006", "sequence_number": psn}
        answer = await house.prepare(sensitive(f"request-{psn}", account=account))
        assert isinstance(answer.body, Prepared)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cardholder": {"surname": "Featherstonehaugh", "given_names": "Bartholomew"}},
         "NAME_TOO_LONG"),
        ({"account": {"pan": "9999990000000003"}}, "PAN_LUHN"),
        ({"account": {"pan": "4000000000000002"}}, "PAN_RANGE"),
        ({"account": {"expiry": "2001"}}, "EXPIRY_PAST"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
async def test_a_refused_card_takes_nothing(changes: dict[str, Any], code: str) -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1", **changes))
    assert isinstance(answer.body, PreparationRefused)
    assert answer.body.code == code
    assert (house.registry.allocations, house.registry.live, house.registry.cases) == ({}, {}, {})
    assert house.vault.sections.keys() == {"request"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"cardholder": {"surname": "Łukasz", "given_names": "Ana"}}, "NAME_CHARACTER"),
        ({"account": {"expiry": "4001"}}, "EXPIRY_FAR"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_anomaly_waits_for_a_person_who_may_waive_it(
    changes: dict[str, Any], code: str
) -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1", **changes))
    assert isinstance(answer.body, ExceptionOpened)
    assert answer.body.code == code
    assert list(house.registry.cases.values()) == [code]
    answer = await house.prepare(sensitive("request-1", **changes), waived=(code,))
    assert isinstance(answer.body, Prepared)


async def test_the_end_of_the_range_is_an_anomaly() -> None:
    house = House(start=500_000_000)
    answer = await house.prepare(sensitive("request-1"))
    assert isinstance(answer.body, ExceptionOpened)
    assert answer.body.code == "PAN_RANGE_EXHAUSTED"


async def test_one_bad_card_stops_no_other() -> None:
    house = House()
    good = house.ask(sensitive("request-1"))
    erased = order(sensitive("request-2"))
    damaged = house.ask(sensitive("request-3"))
    house.vault.damaged.add(damaged.card_id)
    garbage = house.ask(sensitive("request-4"))
    house.vault.sections["request"][garbage.card_id] = b"\xff"
    swapped = house.ask(sensitive("request-5"))
    house.vault.sections["request"][swapped.card_id] = sensitive("request-1").SerializeToString()
    stranger = house.ask(sensitive("request-6", issuer="nobody"))
    answers = await house.handle(good, erased, damaged, garbage, swapped, stranger)
    assert isinstance(answers[0].body, Prepared)
    codes = [(type(a.body), getattr(a.body, "code", "")) for a in answers[1:]]
    assert codes == [
        (ExceptionOpened, "REQUEST_MISSING"),
        (ExceptionOpened, "REQUEST_MISSING"),
        (PreparationRefused, "REQUEST_MALFORMED"),
        (PreparationRefused, "REQUEST_ISSUER_MISMATCH"),
        (ExceptionOpened, "CATALOGUE_ENTRY_MISSING"),
    ]


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        ("KEY_UNKNOWN", "CVK_UNUSABLE"),
        ("KEY_USAGE", "CVK_UNUSABLE"),
        ("HSM_DENIED", "CVK_UNUSABLE"),
        ("CVV_INPUT", "CARD_VALUES_UNAVAILABLE"),
    ],
)
async def test_a_card_without_verification_values_is_for_a_person(refusal: str, code: str) -> None:
    house = House(FakeModule(refused={"2812": HsmError(refusal, "refused")}))
    refused, other, badge = await house.handle(
        house.ask(sensitive("request-1", **GIVEN)),
        house.ask(sensitive("request-2")),
        house.ask(badge_request("request-3")),
    )
    assert isinstance(refused.body, ExceptionOpened)
    assert refused.body.code == code
    assert f"({refusal})" in refused.body.detail
    assert isinstance(other.body, Prepared)
    assert isinstance(badge.body, Prepared)


async def test_an_absent_module_is_no_cards_fault() -> None:
    house = House(FakeModule(HsmError("HSM_UNAVAILABLE", "away")))
    with pytest.raises(HsmError, match="away"):
        await house.prepare(sensitive("request-1"))


async def test_inspection_can_read_its_section() -> None:
    house = House()
    asked = house.ask(sensitive("request-1"))
    await house.handle(asked)
    section = InspectionSection.FromString(house.vault.sections["inspection"][asked.card_id])
    assert section.barcode == asked.card_id
    (application,) = section.applications
    assert [(record.sfi, record.number) for record in application.records] == [
        (1, 1),
        (2, 1),
        (2, 2),
    ]
    assert all(record.content[0] == 0x70 for record in application.records)
