"""A head whose stripes a swipe encoder writes, over a pseudo-terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from cardwright.card.events import Encoded, OperationFailed
from cardwright.devices.floor import STRIPE
from cardwright.devices.stripe import read_stripe as on_the_floor
from cardwright.iso import stripe
from cardwright.iso.stripe import BitStream
from cardwright.proto.vault.v1.sections_pb2 import StripeSection
from cardwright.secret import SecretBytes
from cardwright.station.ports import DeviceUnavailableError, WorkOrder
from services.encoding.adapters.heads import HeadRules
from services.encoding.adapters.sections import SectionError, read_stripe
from services.encoding.health import HeadState
from tests.integration.encoding.encoding_line import Line


def swiped(root: Path, *options: str) -> Line:
    """A machine of two heads, the first with a swipe encoder beside it."""
    terminal = str(root / "msr-0")
    rules = HeadRules(2, first_rest=0.05, longest_rest=0.05)
    wiring = ("--heads", "2", f"--msr=0={terminal}")
    return Line(root, (*wiring, *options), chip=False, rules=rules, stripes={0: terminal})


def texts(line: Line, made: WorkOrder) -> dict[int, str]:
    """What a reader of the trade finds on the card."""
    tracks = on_the_floor(line.floor.read(made.job_id, STRIPE))
    return {
        number: stripe.decode(number, BitStream(track.bits, track.length)).reveal()
        for number, track in tracks.items()
    }


def section(line: Line, made: WorkOrder) -> StripeSection:
    return StripeSection.FromString(line.vault.sections["stripe"][made.card_id])


async def test_both_ways_make_the_same_stripe(tmp_path: Path) -> None:
    async with swiped(tmp_path) as line:
        beside, machine = (line.printed(f"c{n}", blank=f"B-{n}") for n in (0, 1))
        facts = [await line.perform(made) for made in (beside, machine)]
        assert all(isinstance(fact, Encoded) and fact.tracks == (1, 2) for fact in facts)
        assert [line.encoder.heads.health(n).good for n in (0, 1)] == [1, 1]
        for made in (beside, machine):
            wanted = section(line, made)
            assert texts(line, made) == {1: wanted.track1, 2: wanted.track2}
        assert await line.encoder.recall(beside) == facts[0]
        assert len(line.acts("stripe_write")) == 2


@pytest.mark.parametrize("coercivity", ["hico", "loco"])
async def test_the_sections_coercivity_and_track_3_are_honoured(
    tmp_path: Path, coercivity: str
) -> None:
    async with swiped(tmp_path) as line:
        for number in (0, 1):
            made = line.printed(f"c{number}", blank=f"B-{number}", stripe=coercivity)
            changed = section(line, made)
            changed.coercivity, changed.track3 = coercivity, ";019999990000000006=978?"
            line.vault.sections["stripe"][made.card_id] = changed.SerializeToString()
            fact = await line.perform(made)
            assert isinstance(fact, Encoded)
            assert fact.tracks == (1, 2, 3)
            assert texts(line, made)[3] == changed.track3


async def test_the_wrong_stock_is_spoiled_whoever_finds_it(tmp_path: Path) -> None:
    async with swiped(tmp_path) as line:
        codes = []
        for number in (0, 1):
            made = line.printed(f"c{number}", blank=f"B-{number}")
            changed = section(line, made)
            changed.coercivity = "loco"  # and the stock is not
            line.vault.sections["stripe"][made.card_id] = changed.SerializeToString()
            fact = await line.perform(made)
            assert isinstance(fact, OperationFailed)
            codes.append(fact.code)
        # The swipe encoder can't tell: its weak field leaves the stripe empty.
        assert codes == ["STRIPE_READBACK", "WRONG_COERCIVITY"]


async def test_a_weak_bit_is_found_by_reading_back(tmp_path: Path) -> None:
    async with swiped(tmp_path, "--fault", "stripe_weak:next=1") as line:
        fact = await line.perform(line.printed())
        assert isinstance(fact, OperationFailed)
        assert fact.code == "STRIPE_READBACK"


async def test_an_encoder_that_is_unplugged_is_away_until_it_answers(tmp_path: Path) -> None:
    async with swiped(tmp_path) as line:
        link = tmp_path / "msr-0"
        terminal = link.readlink()
        link.unlink()
        made = line.printed()
        with pytest.raises(DeviceUnavailableError) as error:
            await line.perform(made)
        assert error.value.code == "MSR_LOST"
        assert line.encoder.heads.health(0).state is HeadState.AWAY
        link.symlink_to(terminal)
        fact = await line.settle(made)
        assert isinstance(fact, Encoded)
        assert fact.tracks == (1, 2)
        assert len(line.acts("feed")) == len(line.acts("stripe_write")) == 1


@pytest.mark.parametrize("text", ["strong", "HICO"])
def test_a_coercivity_that_is_none_is_for_a_person(text: str) -> None:
    with pytest.raises(SectionError) as error:
        read_stripe(SecretBytes(StripeSection(coercivity=text).SerializeToString()))
    assert error.value.code == "SECTION_MALFORMED"
