from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.logistics.domain import (
    Box,
    Capacity,
    Contents,
    Numbering,
    NumberingError,
    check_digit,
    element_string,
    fill,
    is_sscc,
    lot_of,
)

DEBIT = Contents("aurora-bank", "emv-debit", express=False)
BADGE = Contents("borealis-works", "employee-badge", express=True)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("37610425002123456", "9"),  # GS1 General Specifications, figure 7.9.1, the SSCC row
        ("629104150021", "3"),  # GS1, "How to calculate a check digit manually"
        ("10614141234567890", "8"),  # EPC Tag Data Standard, section on SSCC
        ("0000000000000000", "0"),
    ],
)
def test_check_digits_of_published_codes(body: str, digit: str) -> None:
    assert check_digit(body) == digit


def test_a_code_is_extension_prefix_serial_and_check_digit() -> None:
    assert Numbering("0614141", extension=1).sscc(234567890) == "106141412345678908"
    assert element_string("106141412345678908") == "(00)106141412345678908"


@given(st.from_regex(r"[0-9]{7,10}", fullmatch=True), st.integers(0, 9), st.integers(0, 999_999))
def test_every_code_is_an_sscc_and_one_wrong_digit_is_seen(
    prefix: str, extension: int, serial: int
) -> None:
    sscc = Numbering(prefix, extension).sscc(serial)
    assert is_sscc(sscc)
    for place in range(18):
        wrong = str((int(sscc[place]) + 1) % 10)
        assert not is_sscc(sscc[:place] + wrong + sscc[place + 1 :])


@pytest.mark.parametrize("prefix", ["", "952123", "95212345678", "952123x", "९५२१२३४"])
def test_a_prefix_that_gs1_does_not_give_out_is_refused(prefix: str) -> None:
    with pytest.raises(NumberingError, match="SSCC_PREFIX"):
        Numbering(prefix)


def test_serials_end() -> None:
    numbering = Numbering("9521234567")
    assert is_sscc(numbering.sscc(999_999))
    with pytest.raises(NumberingError) as caught:
        numbering.sscc(1_000_000)
    assert caught.value.code == "SSCC_EXHAUSTED"


def test_cards_go_into_the_open_box_and_then_into_new_ones() -> None:
    numbers = itertools.count()
    open_boxes = {DEBIT: Box("open", DEBIT, 3, filled=2)}
    places, boxes = fill(
        {DEBIT: ["a", "b", "c"], BADGE: ["d"]},
        open_boxes,
        lambda contents: Box(f"new-{next(numbers)}", contents, Capacity(3, 1).of(contents)),
    )
    assert [(item, *place) for item, place in places] == [
        ("a", "open", 3),
        ("b", "new-0", 1),
        ("c", "new-0", 2),
        ("d", "new-1", 1),
    ]
    assert {box.sscc: (box.filled, box.full) for box in boxes} == {
        "open": (3, True),
        "new-0": (2, False),
        "new-1": (1, True),
    }


@given(
    st.dictionaries(st.sampled_from([DEBIT, BADGE]), st.lists(st.integers(), max_size=30)),
    st.integers(1, 7),
    st.integers(0, 7),
)
def test_no_box_overflows_and_no_slot_is_given_twice(
    cards: dict[Contents, list[int]], capacity: int, filled: int
) -> None:
    numbers = itertools.count()
    already = min(filled, capacity)
    places, boxes = fill(
        cards,
        {DEBIT: Box("open", DEBIT, capacity, already)},
        lambda contents: Box(f"new-{next(numbers)}", contents, capacity),
    )
    assert len(places) == sum(map(len, cards.values()))
    assert max(Counter(place for _, place in places).values(), default=0) <= 1
    assert all(1 <= place.slot <= capacity for _, place in places)
    assert all(place.slot > already for _, place in places if place.sscc == "open")
    open_now = Counter(box.contents for box in boxes if not box.full)
    assert max(open_now.values(), default=0) <= 1


def test_a_lot_is_the_serial_up_to_its_number() -> None:
    assert lot_of("RTX-0001-00000042") == "RTX-0001"
    assert lot_of("00000042") == "00000042"
