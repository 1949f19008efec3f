"""Cards with a PIN, at the desk: whose it is, where it goes, who is told what."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from cardwright.card import Operation
from cardwright.card.events import ExceptionOpened, PreparationRefused, Prepared
from cardwright.hsm.port import HsmError, SecurityModule
from cardwright.iso import stripe
from cardwright.issuer.seal import open_issued_values
from cardwright.proto.request.v1.request_pb2 import SensitiveData
from cardwright.proto.vault.v1.sections_pb2 import (
    ChipSection,
    KeysSection,
    MailerSection,
    StripeSection,
)
from cardwright.secret import SecretText
from cardwright.station.ports import Answer, Transaction
from services.dataprep.catalogue import Catalogue
from services.dataprep.handlers import PrepareDesk
from services.dataprep.products import PinData, Product, StripeData, Track3Data
from tests.unit.dataprep.chip_kit import DEBIT_2, PROFILES
from tests.unit.dataprep.fakes import (
    BANK,
    ISSUER_KEY,
    TODAY,
    FakeModule,
    MemoryRegistry,
    MemoryVault,
    order,
    sensitive,
)

TX = cast("Transaction", object())
ADDRESS = {"lines": ["1 Harbour Row", "Dublin 2"], "country": "IE"}
PAN = "9999990000000006"
OWN_PIN = {"account": {"pan": PAN, "pin_block": bytes(range(8))}}


class House:
    """A desk for one product, with everything around it."""

    def __init__(self, product: Product = DEBIT_2, **issuer: Any) -> None:
        self.vault, self.module = MemoryVault(), FakeModule()
        bank = BANK.model_copy(update=issuer)
        catalogue = Catalogue(
            {(product.name, product.version): product},
            {bank.name: bank},
            {bank.name: ISSUER_KEY.as_dict(private=False)},
            PROFILES,
        )
        hsm = cast("SecurityModule", self.module)
        self.desk = PrepareDesk(catalogue, self.vault, hsm, MemoryRegistry(), lambda: TODAY)

    async def prepare(self, request: SensitiveData, **changes: Any) -> Answer:
        asked = replace(order(request), **changes)
        self.card = asked.card_id
        held = self.vault.sections.setdefault("request", {})
        held[asked.card_id] = request.SerializeToString()
        (answer,) = await self.desk.handle([asked], TX)
        return answer

    def section(self, name: str) -> bytes:
        return self.vault.sections[name][self.card]

    @property
    def written(self) -> set[str]:
        return {name for name, cards in self.vault.sections.items() if self.card in cards}


def told(answer: Answer) -> dict[str, str]:
    issued: dict[str, str] = json.loads(
        open_issued_values(answer.attachment.decode(), ISSUER_KEY).reveal()
    )
    return issued


def with_pin(**changes: Any) -> Product:
    assert DEBIT_2.pin is not None
    return DEBIT_2.model_copy(update={"pin": DEBIT_2.pin.model_copy(update=changes)})


async def test_a_pin_that_is_drawn_goes_by_post_and_its_value_onto_the_card() -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1", address=ADDRESS))
    assert isinstance(answer.body, Prepared)
    assert answer.body.route[-2:] == (Operation.DISPATCH, Operation.MAIL_PIN)
    assert house.section("pin") == f"mailed {house.card}".encode()
    mailer = MailerSection.FromString(house.section("mailer"))
    assert (mailer.name, mailer.issuer, mailer.country) == ("Inès Marlowe", "Aurora Bank", "IE")
    keys = KeysSection.FromString(house.section("keys"))
    assert keys.sealed_pin == f"for chip {house.card}".encode()
    assert StripeSection.FromString(house.section("stripe")).track2[25:30] == "15432"
    assert told(answer).items() >= {"pvki": "1", "pvv": "5432", "psn": "00"}.items()
    (item,) = house.module.pins
    assert (item.method, item.pvk_index, item.length, item.mailed) == ("pvv", 1, 4, True)


async def test_the_issuers_own_pin_is_taken_over_and_not_posted() -> None:
    house = House()
    answer = await house.prepare(sensitive("request-1", **OWN_PIN))
    assert isinstance(answer.body, Prepared)
    assert answer.body.route[-1] is Operation.DISPATCH
    assert house.written.isdisjoint({"pin", "mailer"})
    (item,) = house.module.pins
    assert (item.pin_block, item.mailed) == (bytes(range(8)), False)
    assert item.pin_key.startswith("aurora-bank/PEK")
    assert "pan" not in told(answer), "the issuer knows its number"


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({}, "ADDRESS_MISSING"),
        ({"address": ADDRESS, "account": {"pin_block": bytes(8)}}, "PIN_WITHOUT_PAN"),
        ({"account": {"pan": PAN, "pin_block": bytes(9)}}, "PIN_BLOCK_LENGTH"),
    ],
)
async def test_what_is_missing_for_a_pin_refuses_the_card(parts: dict[str, Any], code: str) -> None:
    answer = await House().prepare(sensitive("request-1", **parts))
    assert isinstance(answer.body, PreparationRefused)
    assert answer.body.code == code


async def test_a_product_that_takes_no_pin_of_the_issuers_refuses_it() -> None:
    answer = await House(with_pin(pin_key=None)).prepare(sensitive("request-1", **OWN_PIN))
    assert isinstance(answer.body, PreparationRefused)
    assert answer.body.code == "PIN_UNEXPECTED"


@pytest.mark.parametrize(
    ("parts", "code", "kind", "says"),
    [
        (OWN_PIN, "PIN_BLOCK", PreparationRefused, "PIN_BLOCK_UNUSABLE"),
        (OWN_PIN, "KEY_UNKNOWN", ExceptionOpened, "PIN_UNAVAILABLE"),
        ({"address": ADDRESS}, "KEY_UNKNOWN", ExceptionOpened, "PIN_UNAVAILABLE"),
    ],
)
async def test_a_pin_that_can_not_be_made_is_that_cards_answer(
    parts: dict[str, Any], code: str, kind: type[Any], says: str
) -> None:
    house, request = House(), sensitive("request-1", **parts)
    house.module.no_pin[order(request).card_id] = HsmError(code, "no")
    answer = await house.prepare(request)
    assert isinstance(answer.body, kind)
    assert answer.body.code == says
    assert house.written == {"request"}


async def test_an_offset_goes_where_the_product_puts_it() -> None:
    offset = with_pin(method="ibm3624")
    data = StripeData(track1="{offset}{cvv}", track2="{offset}{cvv}")
    chip = offset.chip.model_copy(
        update={
            "applications": tuple(
                item.model_copy(update={"track2": "{offset}{icvv}"})
                for item in offset.chip.applications  # type: ignore[union-attr]  # it has several
            )
        }
    )
    house = House(offset.model_copy(update={"stripe": data, "chip": chip}))
    answer = await house.prepare(sensitive("request-1", address=ADDRESS))
    assert StripeSection.FromString(house.section("stripe")).track2[25:29] == "5432"
    assert told(answer)["offset"] == "5432"


async def test_a_third_track_and_another_stripe() -> None:
    assert DEBIT_2.stripe is not None
    third = Track3Data(country="372", currency="978", exponent="2", amount="0500")
    data = DEBIT_2.stripe.model_copy(update={"track3": third, "coercivity": "loco"})
    house = House(DEBIT_2.model_copy(update={"stripe": data}))
    answer = await house.prepare(sensitive("request-1", address=ADDRESS))
    written = StripeSection.FromString(house.section("stripe"))
    assert written.coercivity == "loco"
    assert written.track3.startswith(f";01{told(answer)['pan']}=372978205000500")
    assert stripe.encode(3, SecretText(written.track3)).length > 0


@pytest.mark.parametrize(
    ("environment", "test_card", "kind", "label"),
    [
        ("test", False, "test", "own/IMK-AC#4"),
        ("test", True, "test", "own/IMK-AC#4"),
        ("live", False, "live", "own/IMK-AC#4"),
        ("live", True, "test", "trial/IMK-AC#1"),
    ],
)
async def test_test_cards_are_made_with_keys_for_tests(
    environment: str, test_card: bool, kind: str, label: str
) -> None:
    house = House(
        environment=environment,
        masters={"IMK-AC": "own/IMK-AC#4"},
        test_masters={"IMK-AC": "trial/IMK-AC#1"},
    )
    await house.prepare(sensitive("request-1", address=ADDRESS), test_card=test_card)
    keys = KeysSection.FromString(house.section("keys"))
    assert (keys.environment, keys.applications[0].masters["MK-AC"]) == (kind, label)


async def test_the_chips_channel_is_the_products() -> None:
    house = House()
    await house.prepare(sensitive("request-1", address=ADDRESS))
    channel = ChipSection.FromString(house.section("chip")).channel
    assert (channel.diversification, channel.security_level) == ("kdf3", 0x33)
    assert channel.issuer_kmc.startswith("aurora-bank/KMC")
    assert (channel.issuer_key_version, channel.store_data) == (0x40, "globalplatform")


@pytest.mark.parametrize(
    "changes",
    [{"method": "pvv", "pvk": None}, {"method": None}, {"length": 3}, {"pvk_index": 7}],
)
def test_a_pin_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    fields = {"method": "pvv", "pvk": "{issuer}/PVK#1"} | changes
    with pytest.raises(ValueError, match=r"pin|pvk|length|method"):
        PinData.model_validate(fields)


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{pvki}{pvv}", "cvv"),
        ("{cvv}{cvv}", "once"),
        ("{cvv}{name}", "each of"),
        ("{cvv}12345678", "characters at most"),
        ("{cvv}A", "characters of the track"),
    ],
)
def test_discretionary_data_that_no_track_holds_are_refused(template: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        StripeData(track1="{cvv}", track2=template)
