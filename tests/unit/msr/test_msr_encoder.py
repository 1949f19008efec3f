"""The driver against the simulated encoder, over a pseudo-terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cardwright.devices.msr import MsrUnit
from cardwright.devices.msrport import MsrPort
from cardwright.devices.stripe import Track
from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.msr import MsrEncoder, MsrError, SerialPort
from cardwright.secret import SecretText

TEXTS = {
    1: "%B9999990000000006^MARLOWE/INES^2911201?",
    2: ";9999990000000006=2911201?",
    3: ";019999990000000006=978?",
}
TRACKS = {number: stripe.encode(number, SecretText(text)) for number, text in TEXTS.items()}


class Card:
    def __init__(self, coercivity: str = "hico") -> None:
        self.coercivity = coercivity
        self.tracks: dict[int, Track] = {}

    def read(self) -> dict[int, Track]:
        return dict(self.tracks)

    def write(self, tracks: dict[int, Track]) -> None:
        self.tracks.update(tracks)

    def bits(self, number: int) -> str:
        track = self.tracks[number]
        return "".join(f"{octet:08b}" for octet in track.bits)[: track.length]


def bits(stream: BitStream) -> str:
    return "".join(f"{octet:08b}" for octet in stream.bits)[: stream.length]


class Desk:
    """An encoder with a card at its head, a cable that a test may meddle with, and its driver."""

    def __init__(self, root: Path) -> None:
        self.card: Card | None = Card()
        self.plugged = True
        self.port = MsrPort(root / "msr", lambda: self.card)
        self.encoder = MsrEncoder(SerialPort(root / "msr"), answer_within=0.3, swipe_within=0.5)

    @property
    def unit(self) -> MsrUnit:
        return self.port.unit

    def unplug(self) -> None:
        if self.plugged:
            self.plugged = False
            self.port.close()

    def meddle(self, change: Callable[[bytes], bytes]) -> None:
        """Change what the encoder says."""
        say = self.port._say
        self.port._say = lambda octets: say(change(octets))  # type: ignore[method-assign]  # a fault


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.encoder.close()
    made.unplug()


def test_the_encoder_is_prepared_by_what_it_says(desk: Desk) -> None:
    desk.encoder.prepare()
    assert desk.encoder.model == "3"
    assert desk.unit._bits == {1: 8, 2: 8, 3: 8}
    assert desk.unit._density == {1: 210, 2: 75, 3: 210}


@pytest.mark.parametrize("coercivity", ["hico", "loco"])
def test_the_stripe_holds_every_bit_with_zeros_on_both_sides(desk: Desk, coercivity: str) -> None:
    desk.card = Card(coercivity)
    desk.encoder.write(TRACKS, coercivity)
    assert desk.unit.hico is (coercivity == "hico")
    for number, room in ((1, 708), (2, 253), (3, 708)):
        wanted = bits(TRACKS[number])
        assert desk.card.bits(number) == wanted.ljust(room, "0")
        found = desk.card.tracks[number]
        assert stripe.decode(number, BitStream(found.bits, found.length)).reveal() == TEXTS[number]


def test_what_was_written_is_read_from_the_first_one_on(desk: Desk) -> None:
    desk.encoder.write(TRACKS, "hico")
    read = desk.encoder.read()
    assert set(read) == {1, 2, 3}
    for number, stream in read.items():
        assert bits(stream).strip("0") == bits(TRACKS[number]).strip("0")
        assert stripe.decode(number, stream).reveal() == TEXTS[number]


def test_tracks_that_are_not_named_stay_and_erased_ones_are_empty(desk: Desk) -> None:
    desk.encoder.write(TRACKS, "hico")
    desk.encoder.write({2: stripe.encode(2, SecretText(";1=2?"))}, "hico")
    read = desk.encoder.read()
    assert stripe.decode(1, read[1]).reveal() == TEXTS[1]
    assert stripe.decode(2, read[2]).reveal() == ";1=2?"
    desk.encoder.erase(1, 3)
    assert set(desk.encoder.read()) == {2}
    desk.encoder.erase(2)
    assert desk.encoder.read() == {}


def test_a_weak_field_leaves_a_high_coercivity_stripe_as_it_was(desk: Desk) -> None:
    desk.encoder.write(TRACKS, "loco")
    assert desk.encoder.read() == {}, "reading back is what tells"


def test_without_a_card_it_waits_and_gives_up_and_can_go_on(desk: Desk) -> None:
    card, desk.card = desk.card, None
    with pytest.raises(MsrError) as error:
        desk.encoder.write(TRACKS, "hico")
    assert error.value.code == "MSR_NO_SWIPE"
    assert desk.unit.waiting
    assert card is not None
    desk.card = card
    desk.encoder.read()  # the reset before it made the encoder forget the writing
    assert card.tracks == {}


def test_a_card_that_comes_late_is_written(desk: Desk) -> None:
    card, desk.card = desk.card, None

    def put() -> None:
        while not desk.unit.waiting:
            time.sleep(0.001)  # the unit has no event to tell it
        desk.card = card
        desk.port.attend()

    hand = threading.Thread(target=put)
    hand.start()
    desk.encoder.write(TRACKS, "hico")
    hand.join()
    assert card is not None
    assert set(card.tracks) == {1, 2, 3}


def test_answers_in_pieces_are_put_together(desk: Desk) -> None:
    say = desk.port._say

    def in_pieces(octets: bytes) -> None:
        for octet in octets:
            say(bytes((octet,)))

    desk.port._say = in_pieces  # type: ignore[method-assign]  # a slow line
    desk.encoder.write(TRACKS, "hico")
    assert set(desk.encoder.read()) == {1, 2, 3}


@pytest.mark.parametrize(
    ("status", "code"), [(0x31, "MSR_WRITE"), (0x32, "MSR_REFUSED"), (0x39, "MSR_SWIPE")]
)
def test_a_failed_writing_has_a_code(desk: Desk, status: int, code: str) -> None:
    desk.encoder.prepare()
    desk.unit._put = lambda *_: bytes((0x1B, status))  # type: ignore[method-assign]  # a fault
    with pytest.raises(MsrError) as error:
        desk.encoder.write(TRACKS, "hico")
    assert error.value.code == code


def test_a_track_that_does_not_fit_on_the_card_fails(desk: Desk) -> None:
    with pytest.raises(MsrError) as error:
        desk.encoder.write({2: BitStream(b"\x00\x00\x00" + b"\xff" * 30, 264)}, "hico")
    assert error.value.code == "MSR_WRITE"


@pytest.mark.parametrize("at", range(11))
def test_a_silent_encoder_is_given_up_at_any_command_and_prepared_anew(desk: Desk, at: int) -> None:
    left = [at]

    def silent(octets: bytes) -> bytes:
        left[0] -= bool(octets)
        return b"" if left[0] == -1 else octets

    desk.meddle(silent)
    with pytest.raises(MsrError) as error:
        desk.encoder.write(TRACKS, "hico")
    assert error.value.code in ("MSR_TIMEOUT", "MSR_NO_SWIPE")
    desk.encoder.write(TRACKS, "hico")
    assert set(desk.encoder.read()) == {1, 2, 3}


@pytest.mark.parametrize("garbage", [b"\x00", b"\x1bA\x1b", b"hello", b"\x1b\x1b0"])
@pytest.mark.parametrize("at", [0, 1, 5, 10])
def test_garbage_is_no_answer(desk: Desk, at: int, garbage: bytes) -> None:
    left = [at]

    def disturbed(octets: bytes) -> bytes:
        left[0] -= bool(octets)
        return garbage + octets if left[0] == -1 else octets

    desk.meddle(disturbed)
    with pytest.raises(MsrError) as error:
        desk.encoder.write(TRACKS, "hico")
    assert error.value.code in ("MSR_OUT_OF_STEP", "MSR_REFUSED", "MSR_SETTING", "MSR_TIMEOUT")
    desk.encoder.write(TRACKS, "hico")
    assert set(desk.encoder.read()) == {1, 2, 3}


def test_an_answer_that_is_too_late_is_not_taken_for_the_next_one(desk: Desk) -> None:
    desk.encoder.prepare()
    held: list[bytes] = []
    say = desk.port._say
    desk.port._say = held.append  # type: ignore[method-assign,assignment]  # a slow one
    with pytest.raises(MsrError):
        desk.encoder.write(TRACKS, "hico")
    desk.port._say = say  # type: ignore[method-assign]  # quick again
    say(b"".join(held))
    assert desk.encoder.read() == {}


def test_an_encoder_that_keeps_another_setting_is_not_used(desk: Desk) -> None:
    desk.encoder.prepare()
    desk.unit._set_zeros = lambda rest: rest[:0] + b"\x1b0"  # type: ignore[method-assign]  # says yes, does nothing
    with pytest.raises(MsrError) as error:
        desk.encoder.write(TRACKS, "hico")
    assert error.value.code == "MSR_SETTING"
    assert desk.card is not None
    assert desk.card.tracks == {}


def test_a_pulled_cable_is_told(desk: Desk) -> None:
    desk.encoder.prepare()
    desk.unplug()
    with pytest.raises(MsrError) as error:
        desk.encoder.read()
    assert error.value.code == "MSR_LOST"


def test_there_may_be_no_port_or_something_else(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for path in (tmp_path / "none", file):
        with pytest.raises(MsrError) as error:
            SerialPort(path)
        assert error.value.code == "MSR_LOST"
