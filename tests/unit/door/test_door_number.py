"""Known answers: the example numbers of the Proxmark client; then what our own side makes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.access.wiegand import Credential, WiegandFormat, pack
from cardwright.door.errors import DoorError
from cardwright.door.number import FORMATS, read_number


@pytest.mark.parametrize(
    ("kind", "value", "facility", "card"),
    [
        ("H10301", "06BB032180", 118, 1603),
        ("H10304", "03C8888CCCC8", 37137, 52428),
    ],
)
def test_published_numbers(kind: str, value: str, facility: int, card: int) -> None:
    number = read_number(kind, bytes.fromhex(value))
    assert (number.facility, number.card) == (facility, card)


@given(st.sampled_from(list(WiegandFormat)), st.data())
def test_it_reads_what_is_made(kind: WiegandFormat, data: st.DataObject) -> None:
    facility = data.draw(st.integers(0, (1 << kind.value.facility) - 1))
    card = data.draw(st.integers(0, kind.most))
    number = read_number(kind.name, pack(Credential(kind, facility, card).bits()))
    assert (number.facility, number.card) == (facility, card)


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "NUMBER_FORMAT"),
        ("06BB0321", "NUMBER_FORMAT"),
        ("08BB032180", "NUMBER_FORMAT"),
        ("063B032180", "NUMBER_PARITY"),
        ("06BB0321C0", "NUMBER_PARITY"),
    ],
)
def test_what_is_no_number_of_the_site(value: str, code: str) -> None:
    with pytest.raises(DoorError) as refused:
        read_number("H10301", bytes.fromhex(value))
    assert refused.value.code == code


def test_the_formats_are_as_long_as_they_say() -> None:
    assert {name: {len(row) for row in rows} for name, rows in FORMATS.items()} == {
        "H10301": {26},
        "H10302": {37},
        "H10304": {37},
    }
