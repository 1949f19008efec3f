from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cardwright.devices.floor import Floor, Passport

BLANK = Passport("b1", "pvc", chip=True, stripe=None)


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


@pytest.mark.parametrize("name", ["", "..", "a/b", "output", ".hidden", "a" * 129, "a.part"])
def test_a_name_never_leaves_the_floor(
    floor: Floor, refused: Callable[[str], Any], name: str
) -> None:
    with refused("BAD_NAME"):
        floor.path(name)


def test_a_card_is_in_one_machine_at_a_time(floor: Floor, refused: Callable[[str], Any]) -> None:
    floor.place("c", BLANK)
    floor.claim("c", "ENC-1")
    with refused("CARD_HELD"):
        floor.claim("c", "INS-1")
    assert floor.held_by("ENC-1") == ["c"]
    assert floor.held_by("INS-1") == []
    floor.release("c")
    floor.claim("c", "INS-1")
    with refused("NO_SUCH_CARD"):
        floor.claim("nobody", "INS-1")


def test_a_spoilt_card_lies_in_the_reject_tray_and_says_why(floor: Floor) -> None:
    floor.spoil("c", BLANK, "PRINTER_JAM")
    assert floor.whereabouts("c") == "reject"
    assert floor.passport("c", "reject").spoiled == "PRINTER_JAM"


def test_each_writing_of_an_aspect_is_told_from_the_last(floor: Floor) -> None:
    floor.place("c", BLANK)
    versions = [floor.version("c", "chip.bin")]
    for data in (b"1", b"2"):
        floor.write("c", "chip.bin", data)
        versions.append(floor.version("c", "chip.bin"))
    assert versions[0] is None
    assert len(set(versions)) == 3
    floor.move("c", "output")
    assert floor.version("c", "chip.bin") == versions[2]
