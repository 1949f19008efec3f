"""What every way to a card keeps, however the card is reached: the tests inherit it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pytest

from cardwright.chip import PROFILES, Chip, manufacture
from cardwright.reader import CardConnection, ReaderError

SELECT_CARD_MANAGER = bytes.fromhex("00A4040008A000000151000000")
INITIALIZE_UPDATE = bytes.fromhex("8050000008") + bytes(8) + b"\0"
LIST_KEYS = bytes.fromhex("80CA00E000")


def new_chip(profile: str = "standard") -> Chip:
    return manufacture(bytes(10), bytes(16), profile=PROFILES[profile])


class Hand(Protocol):
    """Who put the card in, and may take it out."""

    def remove(self) -> None: ...


@dataclass(frozen=True)
class Inserted:
    """A standard chip of serial 0 in a reader."""

    connection: CardConnection
    hand: Hand


class CardConnectionContract:
    def test_the_card_was_reset_and_told_its_atr(self, inserted: Inserted) -> None:
        assert inserted.connection.atr == new_chip().atr

    def test_a_command_gets_data_and_status_word(self, inserted: Inserted) -> None:
        chip = new_chip()
        for command in (SELECT_CARD_MANAGER, LIST_KEYS, bytes.fromhex("00FF0000")):
            assert inserted.connection.transmit(command) == chip.process(command)

    def test_a_long_answer_comes_as_the_card_gave_it(self, inserted: Inserted) -> None:
        answer = inserted.connection.transmit(INITIALIZE_UPDATE)
        assert answer[:10] == bytes(10)
        assert answer[-2:] == b"\x90\x00"

    @pytest.mark.parametrize("cold", [False, True], ids=["warm", "cold"])
    def test_a_reset_gives_the_atr_and_ends_what_the_card_was_about(
        self, inserted: Inserted, cold: bool
    ) -> None:
        card = inserted.connection
        assert card.transmit(INITIALIZE_UPDATE)[-2:] == b"\x90\x00"
        assert card.reset(cold=cold) == card.atr == new_chip().atr
        wrong = card.transmit(bytes.fromhex("8482000010") + bytes(16))
        assert wrong[-2:] == b"\x69\x85"  # no INITIALIZE UPDATE went before

    @pytest.mark.parametrize("command", [b"", b"\0", b"\4", bytes(3)])
    def test_what_has_no_header_is_not_sent(self, inserted: Inserted, command: bytes) -> None:
        with pytest.raises(ReaderError) as error:
            inserted.connection.transmit(command)
        assert error.value.code == "APDU_FORMAT"
        assert inserted.connection.transmit(SELECT_CARD_MANAGER)[-2:] == b"\x90\x00"

    def test_a_card_taken_out_is_told_each_time(self, inserted: Inserted) -> None:
        assert inserted.connection.transmit(SELECT_CARD_MANAGER)[-2:] == b"\x90\x00"
        inserted.hand.remove()
        for _ in range(2):
            with pytest.raises(ReaderError) as error:
                inserted.connection.transmit(SELECT_CARD_MANAGER)
            assert error.value.code == "CARD_REMOVED"
        with pytest.raises(ReaderError) as error:
            inserted.connection.reset()
        assert error.value.code == "CARD_REMOVED"

    def test_a_closed_connection_carries_nothing(self, inserted: Inserted) -> None:
        inserted.connection.close()
        inserted.connection.close()
        with pytest.raises(ReaderError) as error:
            inserted.connection.transmit(SELECT_CARD_MANAGER)
        assert error.value.code == "CONNECTION_CLOSED"
        with pytest.raises(ReaderError) as error:
            inserted.connection.reset()
        assert error.value.code == "CONNECTION_CLOSED"
