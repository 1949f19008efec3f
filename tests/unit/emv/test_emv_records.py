from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.errors import EmvError
from cardwright.emv.records import (
    Located,
    application_file_locator,
    build_records,
    read_locator,
)
from cardwright.iso import tlv
from cardwright.iso.errors import TlvError

Positions = Iterable[tuple[int, int]]

positions = st.sets(st.tuples(st.integers(1, 30), st.integers(1, 255)), max_size=12)


@given(positions)
def test_a_terminal_finds_every_record_by_the_locator(where: Positions) -> None:
    located = read_locator(application_file_locator(where))
    assert [(item.sfi, item.number) for item in located] == sorted(where)
    assert not any(item.signed for item in located)


@given(positions, st.data())
def test_a_terminal_knows_which_records_are_signed(
    where: set[tuple[int, int]], data: st.DataObject
) -> None:
    signed = data.draw(st.sets(st.sampled_from(sorted(where)))) if where else set()
    leading = data.draw(st.none() | st.integers(1, 30))
    located = read_locator(application_file_locator(where, signed, leading))
    assert {(item.sfi, item.number) for item in located if item.signed} == signed
    assert sorted((item.sfi, item.number) for item in located) == sorted(where)
    if leading in {sfi for sfi, _ in where}:
        assert located[0].sfi == leading


def test_a_published_locator() -> None:
    """A Mastercard test card: binaryfoo/emv-bertlv, src/test/resources/cases/contact-mastercard."""
    afl = bytes.fromhex("10020201180101002001010028010200")
    assert read_locator(afl) == [
        Located(2, 2, signed=True),
        Located(3, 1, signed=False),
        Located(4, 1, signed=False),
        Located(5, 1, signed=False),
        Located(5, 2, signed=False),
    ]
    where = [(2, 2), (3, 1), (4, 1), (5, 1), (5, 2)]
    assert application_file_locator(where, {(2, 2)}) == afl


def test_signed_records_come_first_in_an_entry() -> None:
    where = [(1, number) for number in range(1, 6)]
    afl = application_file_locator(where, {(1, 1), (1, 2), (1, 4)})
    assert afl.hex() == "0801030208040501"


@pytest.mark.parametrize(
    "afl",
    [
        "080101",
        "09010100",
        "00010100",
        "F8010100",
        "08000100",
        "08020100",
        "08010102",
        "08010200F0",
    ],
)
def test_a_locator_that_is_none(afl: str) -> None:
    """The second is test2_afl of openemv/emv-utils, tests/emv_read_application_data_test.c."""
    with pytest.raises(EmvError) as caught:
        read_locator(bytes.fromhex(afl))
    assert caught.value.code == "LOCATOR"


@pytest.mark.parametrize(
    ("where", "afl"),
    [
        ([], ""),
        ([(1, 1)], "08010100"),
        ([(2, 2), (1, 1), (2, 1)], "0801010010010200"),
        ([(1, 1), (1, 3)], "0801010008030300"),
        ([(1, 2), (2, 3)], "0802020010030300"),
    ],
    ids=range(5),
)
def test_a_run_is_one_entry(where: Positions, afl: str) -> None:
    assert application_file_locator(where).hex() == afl


def test_payment_files_are_wrapped_and_others_are_not() -> None:
    objects = [(0x5F20, b"A/"), (0x57, b"\x12")]
    body = tlv.encode_all(objects)
    payment, badge = build_records([(10, 3, objects), (11, 4, objects)])
    assert (payment.id, payment.value) == (0x0A03, tlv.encode(0x70, body))
    assert (badge.id, badge.value) == (0x0B04, body)


@pytest.mark.parametrize("position", [(0, 1), (31, 1), (1, 0), (1, 256), (-1, 1)])
def test_no_such_record(position: tuple[int, int]) -> None:
    with pytest.raises(EmvError) as caught:
        build_records([(*position, [])])
    assert caught.value.code == "RECORD_POSITION"


def test_a_record_is_written_once() -> None:
    with pytest.raises(EmvError) as caught:
        build_records([(1, 1, []), (1, 1, [])])
    assert caught.value.code == "RECORD_POSITION"


@pytest.mark.parametrize(("sfi", "room"), [(1, 248), (11, 251)])
def test_a_record_holds_254_octets(sfi: int, room: int) -> None:
    (record,) = build_records([(sfi, 1, [(0x50, bytes(room))])])
    assert len(record.value) == 254
    with pytest.raises(EmvError) as caught:
        build_records([(sfi, 1, [(0x50, bytes(room + 1))])])
    assert caught.value.code == "RECORD_LENGTH"


def test_what_is_no_tag() -> None:
    with pytest.raises(TlvError):
        build_records([(1, 1, [(0x9F, b"")])])
