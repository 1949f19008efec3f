"""A card of emv-debit version 2 at a terminal, with its issuer: neither shares code with us.

What was planned, composed and certified has to hold together for an implementation that only sees
the card.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from cardwright.emv.records import read_locator
from cardwright.emv.selection import PPSE
from cardwright.issuerhost import Answer, ArpcMethod, Rules, SoftwareIssuerHost
from cardwright.secret import SecretText
from cardwright.terminal import (
    Capability,
    CaPublicKey,
    OdaMethod,
    OdaResult,
    Profile,
    TerminalAid,
    Transaction,
    TransactionRequest,
    TransactionType,
    Tvr,
    read_contactless,
    run,
)
from tests.unit.dataprep.chip_kit import (
    AUTHORITY_EXPIRY,
    MASTERS,
    PAN,
    PIN,
    PROFILE,
    applets,
    authority_key,
    composed,
    drafted,
)
from tests.unit.terminal.chip_kit import ChipCard

AT = dt.datetime(2026, 12, 1, 12, 34, 56, tzinfo=dt.UTC)
EVERYTHING = Capability(0xE0F8C8)
WITHOUT_PIN_PAD = Capability(0xE020C8)  # signature alone
CASH_MACHINE = Capability(0xE040C8)  # PIN on line alone
CHIP = composed(drafted())


def card(*, contactless: bool = False) -> ChipCard:
    """A new card."""
    return ChipCard(applets(CHIP), contactless=contactless)


def terminal(**changes: Any) -> Profile:
    """A shop's terminal that can do everything and has the authority's key."""
    key = authority_key()
    found = CaPublicKey(
        key.rid, key.index, key.key.modulus, key.key.exponent, AUTHORITY_EXPIRY.last_day()
    )
    fields: dict[str, Any] = {
        "type": 0x22,
        "capabilities": EVERYTHING,
        "country": "372",
        "currency": "978",
        "aids": (TerminalAid(PROFILE.aid),),
        "tac_denial": bytes(5),
        "tac_online": bytes(5),
        "tac_default": bytes(5),
        "floor_limit": 50_00,
        "ca_keys": (found,),
    }
    return Profile(**(fields | changes))


def pay(chip: ChipCard, *pins: str, at: Profile | None = None, **changes: Any) -> Transaction:
    """A payment, with the issuer within reach; it believes every cryptogram that it sees."""
    fields: dict[str, Any] = {"amount": 12_34, "at": AT, "pins": tuple(map(SecretText, pins))}
    request = TransactionRequest(**(fields | changes))
    issuer = SoftwareIssuerHost(MASTERS, Rules(arpc=ArpcMethod.METHOD_2), lambda _: Answer())
    result = run(chip, at or terminal(), request, issuer)
    for cryptogram in (result.first, result.final):
        assert cryptogram is None or issuer.examine(cryptogram) == "OK"
    return result


def ended(result: Transaction) -> tuple[str, str, tuple[str, ...]]:
    return result.outcome.value, result.code, result.findings


def test_a_new_card_goes_on_line_and_is_genuine() -> None:
    result = pay(card(), PIN)
    assert ended(result) == ("approved", "ISSUER", ())
    assert (result.aid, result.selected_by) == (PROFILE.aid, "PSE")
    assert result.oda == OdaResult(OdaMethod.CDA, "OK")


def test_the_card_pays_off_line_as_often_as_its_profile_allows() -> None:
    chip = card()
    codes = [pay(chip, PIN).code for _ in range(5)]
    limits = PROFILE.offline_limits
    assert limits is not None
    assert codes == ["ISSUER", *["OFFLINE"] * limits.lower, "ISSUER"]


def test_the_card_verifies_the_pin_enciphered_if_the_terminal_can() -> None:
    result = pay(card(), PIN)
    assert (result.cvm.method, result.cvm.result) == (0x44, 2)


def test_the_card_verifies_the_pin_in_clear_if_not() -> None:
    result = pay(card(), PIN, at=terminal(capabilities=Capability(0xE0E8C8)))
    assert (result.cvm.method, result.cvm.result) == (0x41, 2)


def test_a_wrong_pin_is_refused_three_times() -> None:
    result = pay(card(), "9999", "9999", "9999")
    assert result.tvr & Tvr.PIN_TRY_LIMIT_EXCEEDED
    assert result.first is not None
    assert result.first.kind == "ARQC", "what the profile's action codes ask for"


def test_without_a_pin_pad_the_cardholder_signs() -> None:
    result = pay(card(), at=terminal(capabilities=WITHOUT_PIN_PAD))
    assert result.cvm.method == 0x5E
    assert ended(result) == ("approved", "ISSUER", ())


def test_a_cash_machine_asks_the_issuer_about_the_pin() -> None:
    machine = terminal(type=0x14, capabilities=CASH_MACHINE)
    result = pay(card(), PIN, at=machine, type=TransactionType.CASH)
    assert (result.cvm.method, result.cvm.condition) == (0x02, 0x01)
    assert ended(result) == ("approved", "ISSUER", ())


def test_a_terminal_without_the_authoritys_key_asks_the_issuer() -> None:
    result = pay(card(), PIN, at=terminal(ca_keys=()))
    assert result.oda == OdaResult(OdaMethod.CDA, "CA_KEY_MISSING")
    assert result.code == "ISSUER"


def test_the_card_is_found_by_name_without_its_directory() -> None:
    chip = ChipCard([applet for applet in applets(CHIP) if applet.aid == PROFILE.aid])
    assert pay(chip, PIN).selected_by == "AID_LIST"


def test_the_card_over_its_antenna() -> None:
    found = read_contactless(
        card(contactless=True), terminal(), TransactionRequest(amount=12_34, at=AT)
    )
    assert (found.code, found.aid, found.findings) == ("READ", PROFILE.aid, ())
    assert found.objects[0x5A].reveal() == bytes.fromhex(PAN.digits())
    assert found.objects.keys() >= {0x90, 0x9F32, 0x9F46, 0x9F47, 0x8F}


@pytest.mark.parametrize("contactless", [False, True], ids=["contact", "contactless"])
def test_records_read_as_inspection_expects(contactless: bool) -> None:
    """Over each interface the locator names all that inspection expects, and the certificates."""
    chip, expected = card(contactless=contactless), CHIP.inspected[0]
    answer = chip.transmit(b"\x00\xa4\x04\x00\x07" + PROFILE.aid + b"\x00")
    assert answer.endswith(b"\x90\x00")
    options = chip.transmit(bytes.fromhex("80A8000002830000"))
    afl = options[options.index(b"\x94") + 2 :][: options[options.index(b"\x94") + 1]]
    read = {
        (item.sfi, item.number): chip.transmit(
            bytes((0x00, 0xB2, item.number, item.sfi << 3 | 4, 0x00))
        )[:-2]
        for item in read_locator(afl)
    }
    assert {position: content for position, content in read.items() if position[0] != 3} == {
        (sfi, number): content for sfi, number, content in expected.records
    }
    assert {sfi for sfi, _ in read} == {1, 2, 3}


def test_the_contactless_directory_names_the_application_once() -> None:
    chip = card(contactless=True)
    answer = chip.transmit(b"\x00\xa4\x04\x00\x0e" + PPSE + b"\x00")
    assert answer.count(PROFILE.aid) == 1
