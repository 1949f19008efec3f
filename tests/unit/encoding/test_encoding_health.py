from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.encoding.health import HeadHealth, HeadState


def test_a_head_that_spoils_cards_in_a_row_is_taken_out() -> None:
    head = HeadHealth(limit=3)
    for _ in range(2):
        head.spoiled("STRIPE_READBACK")
    assert head.in_work
    head.spoiled("CHIP_MUTE")
    assert (head.state, head.code, head.failed) == (HeadState.UNHEALTHY, "CHIP_MUTE", 3)


def test_a_good_card_in_between_forgives() -> None:
    head = HeadHealth(limit=2)
    for _ in range(10):
        head.spoiled("STRIPE_READBACK")
        head.passed()
    assert (head.state, head.good, head.failed) == (HeadState.IN_WORK, 10, 10)
    assert head.share == 0.5


@pytest.mark.parametrize("code", ["NO_CHIP", "CHIP_CRYPTOGRAM", "BLANK_SWAPPED", "CHIP_STORE_DATA"])
def test_what_is_the_cards_fault_says_nothing_of_the_head(code: str) -> None:
    head = HeadHealth(limit=1)
    head.spoiled(code)
    assert (head.state, head.in_a_row, head.failed) == (HeadState.IN_WORK, 0, 1)


def test_on_probation_the_first_failure_counts() -> None:
    head = HeadHealth(limit=3)
    for _ in range(3):
        head.spoiled("CHIP_MUTE")
    head.came_back()
    assert (head.state, head.in_a_row) == (HeadState.ON_PROBATION, 0)
    head.spoiled("CHIP_READBACK", interrupted=True)
    assert head.in_work, "that card was broken off: it tells nothing"
    head.spoiled("CHIP_MUTE")
    assert not head.in_work


def test_a_good_card_ends_probation() -> None:
    head = HeadHealth(limit=3, state=HeadState.ON_PROBATION)
    head.passed()
    assert head.state is HeadState.IN_WORK


def test_a_head_that_can_not_be_reached_is_away_and_not_blamed() -> None:
    head = HeadHealth(limit=1)
    head.lost("READER_LOST")
    assert (head.state, head.failed, head.in_a_row) == (HeadState.AWAY, 0, 0)
    head.came_back()
    assert head.state is HeadState.ON_PROBATION


def test_a_head_in_work_does_not_come_back_from_anywhere() -> None:
    head = HeadHealth(limit=3, in_a_row=2)
    head.came_back()
    assert (head.state, head.in_a_row) == (HeadState.IN_WORK, 2)


def test_there_is_no_yield_before_the_first_card() -> None:
    assert HeadHealth(limit=3).share is None


@given(
    st.lists(st.sampled_from(["good", "CHIP_MUTE", "NO_CHIP", "lost", "back"])), st.integers(1, 4)
)
def test_cards_are_counted_whatever_happens(story: list[str], limit: int) -> None:
    head = HeadHealth(limit)
    for event in story:
        if event == "good":
            head.passed()
        elif event == "lost":
            head.lost("READER_LOST")
        elif event == "back":
            head.came_back()
        else:
            head.spoiled(event)
        assert not (head.in_work and head.in_a_row >= limit)
    assert head.good == story.count("good")
    assert head.failed == story.count("CHIP_MUTE") + story.count("NO_CHIP")
