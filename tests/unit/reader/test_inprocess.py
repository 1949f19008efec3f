from __future__ import annotations

import pytest

from cardwright.reader import InProcessCard, ReaderError
from tests.unit.reader.contract import CardConnectionContract, Inserted, new_chip


@pytest.fixture
def inserted() -> Inserted:
    card = InProcessCard(new_chip())
    return Inserted(card, card)


class TestInProcess(CardConnectionContract):
    pass


def test_over_the_antenna_the_answer_is_the_ats() -> None:
    chip = new_chip()
    assert InProcessCard(chip, contactless=True).atr == chip.ats


def test_an_interface_that_the_chip_lacks_is_mute() -> None:
    with pytest.raises(ReaderError) as error:
        InProcessCard(new_chip("contactless"))
    assert error.value.code == "CARD_MUTE"


def test_an_answer_without_a_status_word_is_none() -> None:
    class Broken:
        def power_on(self, contactless: bool = False) -> bytes:
            return b"" if contactless else b"\x3b\x00"

        def process(self, command: bytes) -> bytes:
            return command[:1]

    with pytest.raises(ReaderError) as error:
        InProcessCard(Broken()).transmit(bytes(4))
    assert error.value.code == "CARD_MUTE"
