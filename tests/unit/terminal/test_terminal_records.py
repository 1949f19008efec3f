"""Processing options, the file locator and the records: each form that is not as EMV has it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.terminal import Outcome, Transaction
from cardwright.terminal.errors import TerminatedError
from cardwright.terminal.initiate import parse_afl, parse_options
from cardwright.terminal.reading import account_number, parse_date
from tests.unit.terminal.card_kit import OK, FakeCard, base_objects
from tests.unit.terminal.kit import pay

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


def terminated(card: FakeCard) -> str:
    result = pay(card)
    assert result.outcome is Outcome.TERMINATED
    return result.code


def test_the_card_is_told_what_its_list_asks() -> None:
    card = FakeCard(pdol=bytes.fromhex("9F1A029F0206DF7F03"))
    assert pay(card).outcome is not Outcome.TERMINATED
    sent = next(command.data for command in card.commands if command.ins == 0xA8)
    assert sent.hex() == "830b0372000000001234000000"


def test_a_list_that_is_none_ends_it() -> None:
    assert terminated(FakeCard(pdol=b"\x9f\x1a")) == "PDOL_FORMAT"
    assert terminated(FakeCard(pdol=b"\x9f\x02\xff")) == "PDOL_FORMAT"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (b"\x69\x86", "GPO_REFUSED"),
        (OK, "GPO_FORMAT"),
        (b"\x80\x01\x18" + OK, "GPO_FORMAT"),
        (b"\x70\x02\x18\x00" + OK, "GPO_FORMAT"),
        (b"\x77\x04\x82\x02\x18\x00\x00" + OK, "AFL_FORMAT"),
        (b"\x77\x02\x82\x00" + OK, "GPO_FORMAT"),
        (b"\x77\x06\x82\x02\x18\x00" + OK, "GPO_FORMAT"),
        (b"\x77\x07\x82\x02\x18\x00\x9f\x14\x00" + OK, "GPO_FORMAT"),
        (b"\x80\x05\x18\x00\x08\x01\x01" + OK, "AFL_FORMAT"),
        (b"\x90", "ANSWER_FORMAT"),
    ],
)
def test_processing_options_that_are_none_end_it(answer: bytes, code: str) -> None:
    card = FakeCard()
    card.replies[0xA8] = lambda _: answer
    assert terminated(card) == code


def test_both_formats_of_processing_options_say_the_same() -> None:
    afl = bytes.fromhex("08010100")
    template = tlv.encode_all(((0x94, afl), (0x82, b"\x18\0")))
    assert parse_options(b"\x80\x06\x18\0" + afl) == parse_options(tlv.encode(0x77, template))


@pytest.mark.parametrize(
    "afl",
    ["00010100", "F8010100", "09010100", "08000100", "08020100", "08010102", "0801010008"],
)
def test_a_locator_of_records_that_can_not_be_is_refused(afl: str) -> None:
    with pytest.raises(TerminatedError) as caught:
        parse_afl(bytes.fromhex(afl))
    assert caught.value.code == "AFL_FORMAT"


def test_a_locator_is_read() -> None:
    assert parse_afl(bytes.fromhex("08010101F002FE00")) == ((1, 1, 1, 1), (30, 2, 254, 0))


@given(st.binary(max_size=40))
def test_any_locator_is_read_or_refused(afl: bytes) -> None:
    try:
        entries = parse_afl(afl)
    except TerminatedError:
        return
    assert b"".join(bytes((sfi << 3, *rest)) for sfi, *rest in entries) == afl


def read(record: bytes, *, sfi: int = 2) -> Transaction:
    """A transaction with a card whose second record is this one."""
    card = FakeCard(extra=[{0x57: b"\x99"}])
    card.replies[0xB2] = lambda command: record if command.p2 >> 3 == sfi else card._read(command)
    return pay(card)


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (b"\x6a\x83", "RECORD_REFUSED"),
        (OK, "RECORD_FORMAT"),
        (b"\x61\x00" + OK, "RECORD_FORMAT"),
        (b"\x70\x05\x5a" + OK, "RECORD_FORMAT"),
        (b"\x70\x02\x5f\x20" + OK, "RECORD_FORMAT"),
        (b"\x70\x00\x70\x00" + OK, "RECORD_FORMAT"),
        (tlv.encode(0x70, tlv.encode(0x5F34, b"\1")) + OK, "DATA_REDUNDANT"),
        (tlv.encode(0x70, tlv.encode(0x5F20, b"A") * 2) + OK, "DATA_REDUNDANT"),
        (tlv.encode(0x70, tlv.encode(0x9F14, b"")) + OK, "DATA_FORMAT"),
        (tlv.encode(0x70, tlv.encode(0x57, bytes(20))) + OK, "DATA_FORMAT"),
    ],
)  # fmt: skip
def test_a_record_that_is_none_ends_it(record: bytes, code: str) -> None:
    result = read(record)
    assert (result.outcome, result.code) == (Outcome.TERMINATED, code)


@pytest.mark.parametrize("tag", [0x5A, 0x5F24, 0x8C, 0x8D])
def test_mandatory_objects_must_be_there(tag: int) -> None:
    objects = base_objects()
    del objects[tag]
    assert terminated(FakeCard(objects=objects)) == "DATA_MISSING"


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        (0x5A, "99999912345678AB"),
        (0x5A, "FF"),
        (0x5F24, "281331"),
        (0x5F24, "2812"),
        (0x5F25, "2602AA"),
        (0x5F28, "72"),
        (0x5F34, ""),
        (0x8C, ""),
        (0x8E, "000000000000000042"),
        (0x8E, "42035E03"),
        (0x9F07, "FF"),
        (0x9F0D, "FF"),
        (0x9F42, "978A00"),
    ],
)
def test_malformed_objects_end_it(tag: int, value: str) -> None:
    objects = base_objects() | {tag: bytes.fromhex(value)}
    assert terminated(FakeCard(objects=objects)) == "DATA_FORMAT"


def test_an_object_of_the_answer_to_select_may_come_again_in_a_record() -> None:
    assert pay(FakeCard(extra=[{0x50: b"CARDWRIGHT"}])).outcome is not Outcome.TERMINATED


def test_an_empty_locator_ends_it() -> None:
    card = FakeCard()
    card.replies[0xA8] = lambda _: b"\x80\x02\x18\0" + OK
    assert terminated(card) == "AFL_FORMAT"


def test_other_files_are_read_but_not_understood() -> None:
    card = FakeCard()
    afl = bytes.fromhex("0801010058010100")
    card.replies[0xA8] = lambda _: b"\x80\x0a\x18\0" + afl + OK
    card.replies[0xB2] = lambda command: (
        b"\x5a\x01\xaa" + OK if command.p2 == 0x5C else card._read(command)
    )
    result = pay(card)
    assert result.outcome is not Outcome.TERMINATED
    assert CommandApdu(0, 0xB2, 1, 0x5C, le=256) in card.commands


def test_account_numbers_and_dates() -> None:
    assert account_number(bytes.fromhex("999999123456789F")) == "999999123456789"
    assert account_number(b"") is None
    dates = [parse_date(bytes.fromhex(each)) for each in ("491231", "500101")]
    assert [each.year for each in dates if each] == [2049, 1950]
    assert parse_date(bytes.fromhex("260230")) is None
