from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from cardwright.devices.vpcd import dial, serve
from cardwright.reader import ReaderError, VpcdReader
from cardwright.reader.vpcd import VpcdCard
from tests.unit.reader.contract import (
    SELECT_CARD_MANAGER,
    CardConnectionContract,
    Inserted,
    new_chip,
)


class SoftwareCard:
    """A chip that a thread of this process holds into the reader."""

    def __init__(self, port: int) -> None:
        self._line = dial("127.0.0.1", port)
        self._thread = threading.Thread(target=serve, args=(new_chip(), self._line))
        self._thread.start()

    def remove(self) -> None:
        self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._line.close()


@pytest.fixture
def reader() -> Iterator[VpcdReader]:
    with VpcdReader(port=0) as slot:
        yield slot


@pytest.fixture
def inserted(reader: VpcdReader) -> Iterator[Inserted]:
    card = SoftwareCard(reader.port)
    connection = reader.connect()
    yield Inserted(connection, card)
    connection.close()
    card._thread.join(10)
    assert not card._thread.is_alive()
    card._line.close()


class TestVpcd(CardConnectionContract):
    pass


def test_an_empty_slot_is_told_after_a_while(reader: VpcdReader) -> None:
    with pytest.raises(ReaderError) as error:
        reader.connect(insert_within=0.01)
    assert error.value.code == "CARD_REMOVED"


def test_a_closed_reader_is_lost(reader: VpcdReader) -> None:
    reader.close()
    with pytest.raises(ReaderError) as error:
        reader.connect(insert_within=0.01)
    assert error.value.code == "READER_LOST"


def test_a_port_in_use_is_a_busy_reader(reader: VpcdReader) -> None:
    with pytest.raises(ReaderError, match=str(reader.port)) as error:
        VpcdReader(reader.port)
    assert error.value.code == "READER_BUSY"


def test_a_reader_takes_one_card_after_another(reader: VpcdReader) -> None:
    for _ in range(2):
        card = SoftwareCard(reader.port)
        connection = reader.connect()
        assert connection.transmit(SELECT_CARD_MANAGER)[-2:] == b"\x90\x00"
        connection.close()
        card.remove()


@pytest.fixture
def line() -> Iterator[tuple[VpcdCard, socket.socket]]:
    """A connection to a card that the test plays itself."""
    ours, theirs = socket.socketpair()
    ours.settimeout(0.05)
    send(theirs, b"\x3b\x00")
    card = VpcdCard(ours)
    theirs.settimeout(10)
    assert hear(theirs) == b"\1"
    assert hear(theirs) == b"\4"
    yield card, theirs
    card.close()
    theirs.close()


def send(line: socket.socket, message: bytes) -> None:
    line.sendall(struct.pack(">H", len(message)) + message)


def hear(line: socket.socket) -> bytes:
    return line.recv(int.from_bytes(line.recv(2), "big"))


def test_controls_are_those_of_the_protocol(line: tuple[VpcdCard, socket.socket]) -> None:
    card, theirs = line
    for cold, controls in ((False, [b"\2", b"\4"]), (True, [b"\0", b"\1", b"\4"])):
        send(theirs, b"\x3b\x01\x00")
        assert card.reset(cold=cold) == b"\x3b\x01\x00"
        assert [hear(theirs) for _ in controls] == controls


def test_a_silent_card_is_dropped_lest_a_late_answer_pass_for_the_next(
    line: tuple[VpcdCard, socket.socket],
) -> None:
    card, theirs = line
    for _ in range(2):
        with pytest.raises(ReaderError) as error:
            card.transmit(bytes(4))
        assert error.value.code == "CARD_MUTE"
    assert hear(theirs) == bytes(4)
    assert theirs.recv(1) == b""


@pytest.mark.parametrize("part", [b"", b"\0", b"\0\5abc"], ids=["nothing", "length", "message"])
def test_a_card_may_hang_up_anywhere(line: tuple[VpcdCard, socket.socket], part: bytes) -> None:
    card, theirs = line
    theirs.sendall(part)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(ReaderError) as error:
        card.transmit(bytes(4))
    assert error.value.code == "CARD_REMOVED"


@pytest.mark.parametrize("answer", [b"", b"\x90"])
def test_an_answer_without_a_status_word_is_none(
    line: tuple[VpcdCard, socket.socket], answer: bytes
) -> None:
    card, theirs = line
    send(theirs, answer)
    with pytest.raises(ReaderError) as error:
        card.transmit(bytes(4))
    assert error.value.code == "CARD_MUTE"


def test_a_card_without_an_answer_to_reset_is_mute(line: tuple[VpcdCard, socket.socket]) -> None:
    card, theirs = line
    send(theirs, b"")
    with pytest.raises(ReaderError) as error:
        card.reset()
    assert error.value.code == "CARD_MUTE"


def test_what_two_octets_of_length_can_not_tell_is_not_sent(
    line: tuple[VpcdCard, socket.socket],
) -> None:
    card, theirs = line
    with pytest.raises(ReaderError) as error:
        card.transmit(bytes(0x10000))
    assert error.value.code == "APDU_FORMAT"
    card.close()
    assert hear(theirs) == b"\0"
