from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.emv.errors import EmvError
from cardwright.emv.records import application_file_locator, build_records
from cardwright.iso import tlv
from cardwright.iso.errors import TlvError

Positions = Iterable[tuple[int, int]]

positions = st.sets(st.tuples(st.integers(1, 30), st.integers(1, 255)), max_size=12)


def expand(afl: bytes) -> list[tuple[int, int]]:
    """What a terminal does with a locator (EMV Book 3 clause 10.2)."""
    entries = [afl[i : i + 4] for i in range(0, len(afl), 4)]
    assert all(entry[3] == 0 for entry in entries)
    return [(e[0] >> 3, n) for e in entries for n in range(e[1], e[2] + 1)]


@given(positions)
def test_a_terminal_finds_every_record_by_the_locator(where: Positions) -> None:
    assert expand(application_file_locator(where)) == sorted(where)


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
