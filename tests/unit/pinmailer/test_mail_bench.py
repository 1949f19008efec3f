from __future__ import annotations

from typing import Any

import pytest

from cardwright.card.events import Disposition, OperationFailed
from cardwright.proto.vault.v1.sections_pb2 import MailerSection
from cardwright.secret import SecretText
from cardwright.settings import SettingsError
from cardwright.station.ports import Answer
from services.pinmailer.adapters.settings import PinMailerSettings
from services.pinmailer.domain import Letter
from services.pinmailer.handlers import MailBench
from tests.unit.pinmailer.letters_kit import (
    CARD,
    NAME,
    PIN,
    STREET,
    TOWN,
    TwoSections,
    order,
    pin_section,
)

OTHER = CARD[:-2] + "22"


async def refusal(vault: TwoSections, card_id: str = CARD) -> OperationFailed:
    answer = (await MailBench((), vault).prepare([order(card_id)]))[f"{card_id}.8"]
    assert isinstance(answer, Answer)
    assert isinstance(answer.body, OperationFailed)
    assert answer.body.disposition is Disposition.REFUSED
    assert not any(word in answer.body.detail for word in (PIN, NAME, STREET, TOWN))
    return answer.body


async def test_a_batch_is_opened_in_two_calls_and_makes_letters() -> None:
    vault = TwoSections()
    vault.file()
    vault.file(OTHER, pin_section("000123456789"), name="Ada")
    letters = await MailBench((), vault).prepare([order(), order(OTHER)])
    assert sorted(vault.calls) == [("mailer", [CARD, OTHER]), ("pin", [CARD, OTHER])]
    lines = tuple(map(SecretText, (NAME, STREET, TOWN, "GB")))
    letter = letters[order().order_id]
    assert letter == Letter(lines, "Aldermoor Bank", SecretText("7891"), SecretText(PIN))
    other = letters[order(OTHER).order_id]
    assert isinstance(other, Letter)
    assert other.pin == SecretText("000123456789")


async def test_a_letter_does_not_print_what_it_says() -> None:
    vault = TwoSections()
    vault.file()
    letter = (await MailBench((), vault).prepare([order()]))[order().order_id]
    assert not any(word in repr(letter) for word in (PIN, NAME, STREET, TOWN, "7891"))


@pytest.mark.parametrize(
    ("section", "code"), [("pin", "PIN_SECTION_MISSING"), ("mailer", "MAILER_SECTION_MISSING")]
)
async def test_without_a_section_there_is_no_letter(section: str, code: str) -> None:
    vault = TwoSections()
    vault.file()
    del vault.held[section][CARD]
    assert (await refusal(vault)).code == code


@pytest.mark.parametrize(
    ("section", "code"), [("pin", "PIN_SECTION_DAMAGED"), ("mailer", "MAILER_SECTION_DAMAGED")]
)
async def test_a_changed_section_refuses_its_card_alone(section: str, code: str) -> None:
    vault = TwoSections()
    vault.file()
    vault.file(OTHER)
    vault.damaged.add((section, CARD))
    assert (await refusal(vault)).code == code
    letters = await MailBench((), vault).prepare([order(), order(OTHER)])
    assert isinstance(letters[order(OTHER).order_id], Letter)


@pytest.mark.parametrize("pin", [b"\xff", pin_section(""), pin_section("12a4"), pin_section("123")])
async def test_what_is_no_pin_is_not_printed(pin: bytes) -> None:
    vault = TwoSections()
    vault.file(pin=pin)
    assert (await refusal(vault)).code == "PIN_SECTION_MALFORMED"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"name": ""}, "MAILER_ADDRESS_MISSING"),
        ({"name": "  "}, "MAILER_ADDRESS_MISSING"),
        ({"lines": []}, "MAILER_ADDRESS_MISSING"),
        ({"lines": ["", " "]}, "MAILER_ADDRESS_MISSING"),
        ({"country": ""}, "MAILER_ADDRESS_MISSING"),
        ({"lines": ["x"] * 7}, "MAILER_ADDRESS_UNPRINTABLE"),
        ({"lines": ["x" * 201]}, "MAILER_ADDRESS_UNPRINTABLE"),
        ({"lines": ["a\nb"]}, "MAILER_ADDRESS_UNPRINTABLE"),
    ],
)
async def test_an_address_that_no_postman_finds_is_refused(
    changes: dict[str, Any], code: str
) -> None:
    vault = TwoSections()
    vault.file(**changes)
    assert (await refusal(vault)).code == code


async def test_a_section_that_is_none_is_refused() -> None:
    vault = TwoSections()
    vault.file()
    vault.held["mailer"][CARD] = MailerSection(name=NAME).SerializeToString() + b"\xff"
    assert (await refusal(vault)).code == "MAILER_SECTION_MALFORMED"


@pytest.mark.parametrize(("name", "value"), [("PIN_DELAY", "-1"), ("MAILER_DEPTH", "0")])
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"CARDWRIGHT_{name}"):
        PinMailerSettings.from_environment({f"CARDWRIGHT_{name}": value})
