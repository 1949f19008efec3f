from __future__ import annotations

import pytest

from cardwright.iso import stripe
from cardwright.iso.errors import TrackError
from cardwright.iso.pan import Pan
from cardwright.iso.track3 import Track3
from cardwright.iso.tracks import Expiry

PAN = Pan("9999990000000006")
EXPIRY = Expiry(2029, 11)


def test_fields_stand_in_the_order_of_the_standard() -> None:
    track = Track3(
        PAN,
        EXPIRY,
        country="372",
        currency="978",
        exponent="2",
        amount_authorized="1111",
        amount_remaining="2222",
        cycle_begin="6326",
        cycle_length="07",
        retry_count="3",
        pin_parameters="012345",
        interchange_control="1",
        service="11",
        service_first="22",
        service_second="33",
        sequence_number="4",
        security_number="555555555",
        first_account="66",
        second_account="77",
        relay_marker="0",
        check_digits="888888",
        additional="9",
    )
    expected = (
        ";019999990000000006=372" "9782" "1111" "2222" "6326" "07" "3" "012345" "1"
        "11" "22" "33" "2911" "4" "555555555" "66=77=" "0" "888888" "9?"
    )  # fmt: skip
    assert track.encode().reveal() == expected


def test_what_is_left_out_is_a_separator() -> None:
    text = Track3(PAN, None).encode().reveal()
    assert text == f";019999990000000006=={'0' * 32}=====0=?"
    assert stripe.decode(3, stripe.encode(3, Track3(PAN, EXPIRY).encode())).reveal()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": ""}, "TRACK_LENGTH"),
        ({"country": "37"}, "TRACK_LENGTH"),
        ({"country": "37A"}, "TRACK_CHARACTER"),
        ({"additional": "x"}, "TRACK_CHARACTER"),
        ({"additional": "1" * 60}, "TRACK_LENGTH"),
    ],
)
def test_what_no_track_holds_is_refused(changes: dict[str, str], code: str) -> None:
    with pytest.raises(TrackError) as caught:
        Track3(PAN, EXPIRY, **changes)
    assert caught.value.code == code


def test_nothing_personal_prints() -> None:
    shown = repr(Track3(PAN, EXPIRY, pin_parameters="012345"))
    assert "9999990000000006" not in shown
    assert "012345" not in shown
