"""Every target of ``make fuzz`` with a few thousand inputs, the same in every run."""

from __future__ import annotations

from collections import deque
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fuzz.__main__ import SHARES, guided
from tests.fuzz.all_targets import TARGETS
from tests.fuzz.found import FOUND
from tests.fuzz.mutate import inputs
from tests.fuzz.target import Target, pack, unpack

RUNS = {"card": 400, "secured": 200, "payment": 200, "terminal": 200, "contactless": 200}
"""The slow ones; the others get 3,000."""


@pytest.mark.parametrize("name", TARGETS)
def test_strangers_octets_break_nothing(name: str) -> None:
    target = TARGETS[name]
    for data in inputs(target.seeds(), RUNS.get(name, 3000), 2026):
        target.run(data)


def test_what_once_broke_a_target_does_no_more() -> None:
    for name, data, why in FOUND:
        assert why
        TARGETS[name].run(bytes.fromhex(data))


def test_every_target_has_its_share() -> None:
    assert SHARES.keys() == TARGETS.keys()
    assert sum(SHARES.values()) == 100


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris has no wheel for this machine")
def test_a_run_guided_by_coverage_counts_inputs_and_branches(tmp_path: Path) -> None:
    run = guided("apdu", 2000, 1, tmp_path)
    assert (run.target, run.inputs, run.finding) == ("apdu", 2000, "")
    assert run.edges > 20


def test_a_broken_parser_is_found_out() -> None:
    def broken(data: bytes) -> None:
        assert data.count(b"\xff") < 3

    target = Target("broken", "three octets FF", broken, lambda: [bytes(range(250, 256)) * 2])
    with pytest.raises(AssertionError):
        deque(map(target.run, inputs(target.seeds(), 500, 1)))


def test_the_same_number_makes_the_same_inputs() -> None:
    seeds = [b"one", b"another"]
    assert list(inputs(seeds, 50, 7)) == list(inputs(seeds, 50, 7))
    assert list(inputs(seeds, 50, 7)) != list(inputs(seeds, 50, 8))


def test_scripts_are_packed_and_unpacked() -> None:
    assert list(unpack(pack([b"", b"one", bytes(255)]))) == [b"", b"one", bytes(255)]
    assert list(unpack(b"\x05cut")) == [b"cut"]
