"""The simulated swipe encoder answers as the MSR605 manual (rev. B, 2009) says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.devices.msr import MsrUnit
from cardwright.devices.stripe import Track


class Card:
    coercivity = "hico"

    def __init__(self) -> None:
        self.tracks: dict[int, Track] = {}

    def read(self) -> dict[int, Track]:
        return self.tracks

    def write(self, tracks: dict[int, Track]) -> None:
        self.tracks.update(tracks)


# Section 9 of the manual: the same three tracks at 8, 8, 8 and at 7, 5, 5 bits a character.
RAW = {
    "080808": "1b6e1b731b0108c5b07814954e3e2a1b02052b8849eaaf1b03052b8849eaaf3f1c",
    "070505": "1b6e1b731b0109456162235152131f2a1b02080b01021304151f151b03080b01021304151f153f1c",
}
ISO_WRITE = "1b771b731b014142433132331b0231323334351b0331323334353f1c"
ISO_READ = "1b731b01254142433132333f1b023b31323334353f1b033b31323334353f3f1c1b30"


@pytest.mark.parametrize("bits", RAW)
def test_raw_writing_makes_the_stripe_that_iso_reading_reads(bits: str) -> None:
    unit, card = MsrUnit(), Card()
    assert unit.hear(bytes.fromhex("1b6f" + bits)).hex() == "1b30" + bits
    assert unit.hear(bytes.fromhex(RAW[bits])) == b""
    assert unit.swipe(card) == b"\x1b0"
    unit.hear(b"\x1br")
    assert unit.swipe(card).hex() == ISO_READ


def test_iso_writing_adds_sentinels_and_check() -> None:
    unit, card, other = MsrUnit(), Card(), Card()
    unit.hear(bytes.fromhex(ISO_WRITE))
    assert unit.swipe(card) == b"\x1b0"
    unit.hear(bytes.fromhex("1b6f080808" + RAW["080808"]))
    unit.swipe(other)
    assert card.tracks == other.tracks


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("1b65", "1b79"),
        ("1b74", "1b3353"),
        ("1b87", "1b30"),
        ("1b6c", "1b3d16"),
        ("1b7a10201b6c", "1b301b1020"),
        ("1b791b64", "1b301b4c"),
        ("1b781b64", "1b301b48"),
        ("1b62d2", "1b30"),
        ("1b6299", "1b41"),
        ("1b6f070904", "1b41"),
        ("1b6301", "1b41"),
        ("1b40", "1b34"),
        ("1b6e1b7341", "1b32"),
        ("1b82", ""),
        ("00ff1b65", "1b79"),
    ],
)
def test_a_command_is_answered(said: str, answer: str) -> None:
    assert MsrUnit().hear(bytes.fromhex(said)).hex() == answer


def test_while_it_waits_for_a_card_only_a_reset_is_heard() -> None:
    unit = MsrUnit()
    unit.hear(b"\x1br")
    assert unit.waiting
    assert unit.hear(b"\x1be\x1bx") == b""
    unit.hear(b"\x1ba")
    assert unit.hear(b"\x1be") == b"\x1by"
    assert unit.swipe(Card()) == b"", "a card that nobody asked for"


def test_an_empty_card_and_one_that_can_not_be_read() -> None:
    unit, card = MsrUnit(), Card()
    unit.hear(b"\x1br")
    assert unit.swipe(card) == b"\x1bs\x1b\x01\x1b+\x1b\x02\x1b+\x1b\x03\x1b+?\x1c\x1b0"
    card.tracks[2] = Track(b"\xf0", 8)
    unit.hear(b"\x1br")
    assert unit.swipe(card).endswith(b"\x1b1")


@given(st.lists(st.binary(max_size=30), max_size=10))
def test_it_survives_whatever_is_said(octets: list[bytes]) -> None:
    unit = MsrUnit()
    for piece in octets:
        unit.hear(piece)
        unit.swipe(Card())
    unit.hear(b"\x1ba" * 200)
    unit.hear(bytes(600) + b"?\x1c")
    unit.hear(b"\x1ba")
