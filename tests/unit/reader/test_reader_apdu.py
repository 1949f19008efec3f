"""ISO/IEC 7816-3, 12.2.1, and 7816-4, 5.3.4: 61xx asks for GET RESPONSE, 6Cxx for another Le."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.reader import InProcessCard, ReaderError, WholeAnswers, transmit
from tests.unit.reader.contract import INITIALIZE_UPDATE, LIST_KEYS, SELECT_CARD_MANAGER, new_chip


class Script:
    """A card that says one thing after another, whatever it is asked, the last one for ever."""

    def __init__(self, *answers: str) -> None:
        self._answers = [bytes.fromhex(each) for each in answers]
        self.heard: list[str] = []
        self.atr = b"\x3b\x00"

    def transmit(self, command: bytes) -> bytes:
        self.heard.append(command.hex().upper())
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def reset(self, *, cold: bool = False) -> bytes:
        self.heard.append("cold" if cold else "warm")
        return self.atr

    def close(self) -> None:
        self.heard.append("close")


def test_parts_are_joined_and_each_is_fetched_at_the_length_announced() -> None:
    card = Script("AA6102", "BBCC6100", "DD9000")
    assert transmit(card, bytes.fromhex("80E2000001FF")).hex() == "aabbccdd9000"
    assert card.heard == ["80E2000001FF", "00C0000002", "00C0000000"]


def test_a_response_is_fetched_on_the_commands_logical_channel() -> None:
    card = Script("6101", "9000")
    transmit(card, bytes.fromhex("86E20000"))
    assert card.heard[1] == "02C0000001"


@pytest.mark.parametrize(
    ("asked", "again"),
    [
        ("00B20114", "00B2011405"),
        ("00B2011400", "00B2011405"),
        ("00A4040002ABCD", "00A4040002ABCD05"),
        ("00A4040002ABCD00", "00A4040002ABCD05"),
        ("80CA000001", "80CA000005"),
    ],
    ids=["case 1", "case 2", "case 3", "case 4", "case 2, short"],
)
def test_a_wrong_length_is_asked_again_with_the_right_one(asked: str, again: str) -> None:
    card = Script("6C05", "01020304059000")
    assert transmit(card, bytes.fromhex(asked)).hex() == "01020304059000"
    assert card.heard == [asked, again]


def test_an_error_on_the_way_is_told() -> None:
    assert transmit(Script("AA6102", "6F00"), bytes(4)).hex() == "aa6f00"


@pytest.mark.parametrize("answer", ["6101", "6C01"])
def test_an_answer_without_end_is_given_up(answer: str) -> None:
    card = Script(answer)
    with pytest.raises(ReaderError) as error:
        transmit(card, bytes(4))
    assert error.value.code == "CARD_MUTE"
    assert len(card.heard) == 257


@given(st.lists(st.binary(min_size=1, max_size=256), min_size=1, max_size=20))
def test_whatever_a_card_cuts_up_is_whole_again(parts: list[bytes]) -> None:
    after = [bytes((0x61, len(part) & 0xFF)) for part in parts[1:]] + [b"\x90\x00"]
    card = Script(*((part + sw).hex() for part, sw in zip(parts, after, strict=True)))
    assert transmit(card, bytes(4)) == b"".join(parts) + b"\x90\x00"


@pytest.mark.parametrize("command", [SELECT_CARD_MANAGER, LIST_KEYS, INITIALIZE_UPDATE])
def test_a_chip_of_t0_answers_as_one_of_t1(command: bytes) -> None:
    t0 = WholeAnswers(InProcessCard(new_chip("t0")))
    t1 = InProcessCard(new_chip("standard"))
    bare = InProcessCard(new_chip("t0")).transmit(command)
    assert bare[-2] in (0x61, 0x6C)
    ours, theirs = t0.transmit(command), t1.transmit(command)
    assert ours[-2:] == theirs[-2:] == b"\x90\x00"
    assert ours[:10] == theirs[:10]


def test_the_rest_of_a_connection_is_passed_on() -> None:
    card = Script("9000")
    whole = WholeAnswers(card)
    assert whole.atr == whole.reset(cold=True) == card.atr
    whole.reset()
    whole.close()
    assert card.heard == ["cold", "warm", "close"]
