from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cardwright.chip import PROFILES, Chip, manufacture
from cardwright.devices.errors import DeviceError
from cardwright.devices.vpcd import dial, pcsc_atr, serve

OFF, ON, RESET, ATR = b"\0", b"\1", b"\2", b"\4"
SELECT = bytes.fromhex("00A4040008A000000151000000")


def new_chip(profile: str = "standard") -> Chip:
    return manufacture(bytes(10), bytes(16), profile=PROFILES[profile])


class Reader:
    """The vpcd's side of a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection

    def tell(self, message: bytes) -> None:
        self.connection.sendall(struct.pack(">H", len(message)) + message)

    def hear(self) -> bytes:
        size = struct.unpack(">H", self.exactly(2))[0]
        return self.exactly(size)

    def exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            chunk = self.connection.recv(size - len(data))
            assert chunk, "the card hung up"
            data += chunk
        return data

    def ask(self, message: bytes) -> bytes:
        self.tell(message)
        return self.hear()


@contextmanager
def inserted(chip: Chip, **options: bool) -> Iterator[Reader]:
    """A chip in a reader, over a TCP connection that the card dialled."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        card = dial("127.0.0.1", listening.getsockname()[1])
        accepted, _ = listening.accept()
    thread = threading.Thread(target=serve, args=(chip, card), kwargs=options)
    thread.start()
    with closing(card):
        with closing(accepted):
            accepted.settimeout(10)
            yield Reader(accepted)
        thread.join(10)
    assert not thread.is_alive()


def test_a_reader_finds_the_card_before_it_powers_it() -> None:
    chip = new_chip()
    with inserted(chip) as reader:
        assert reader.ask(ATR) == chip.atr
        reader.tell(ON)
        assert reader.ask(ATR) == chip.atr
        assert reader.ask(SELECT)[-2:] == b"\x90\x00"


def test_power_and_reset_are_not_answered_and_reset_the_chip() -> None:
    chip = new_chip("t0")
    for control in ([OFF, ON], [RESET], [ON]):
        with inserted(chip) as reader:
            assert reader.ask(SELECT) == b"\x61\x12"
            for each in control:
                reader.tell(each)
            assert reader.ask(bytes.fromhex("00C0000012")) == b"\x6d\x00"


def test_a_contactless_reader_makes_an_atr_of_the_ats() -> None:
    """PC/SC part 3: 3B 8n 80 01, the historical octets, and a check octet."""
    chip = new_chip()
    with inserted(chip, contactless=True) as reader:
        atr = reader.ask(ATR)
    assert atr.hex() == "3b8580018073c6010030"
    assert chip.ats[-5:] == atr[4:9]


def test_an_ats_without_interface_octets_has_only_historical_ones() -> None:
    assert pcsc_atr(b"\x02\x08").hex() == "3b80800101"
    assert pcsc_atr(b"\x04\x18\x77\xaa")[4:-1] == b"\xaa"


def test_a_chip_without_the_interface_is_mute() -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs), pytest.raises(DeviceError) as error:
        serve(new_chip("contactless"), ours)
    assert error.value.code == "CHIP_MUTE"


def test_memory_is_kept_before_the_reader_hears_the_answer() -> None:
    chip, kept = new_chip(), list[bytes]()
    ours, theirs = socket.socketpair()
    with closing(theirs), closing(ours):
        thread = threading.Thread(
            target=serve,
            args=(chip, ours),
            kwargs={"after": lambda: kept.append(chip.serialize())},
        )
        thread.start()
        reader = Reader(theirs)
        for count in range(1, 4):
            reader.ask(bytes.fromhex("8050000008") + bytes(8))
            assert len(kept) == count
            assert b'"sequence":%d' % count in kept[-1]
        theirs.shutdown(socket.SHUT_RDWR)
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("rest", [b"", b"\0", b"\0\5abc"], ids=["nothing", "length", "message"])
def test_a_reader_may_hang_up_anywhere(rest: bytes) -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        theirs.sendall(struct.pack(">H", len(SELECT)) + SELECT + rest)
        Reader(theirs).connection.shutdown(socket.SHUT_WR)
        serve(new_chip(), ours)
        assert Reader(theirs).hear()[-2:] == b"\x90\x00"


def test_a_reader_that_breaks_the_connection_is_gone_too() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        card = dial("127.0.0.1", listening.getsockname()[1])
        accepted, _ = listening.accept()
    linger = struct.pack("ii", 1, 0)  # close with a reset
    accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    accepted.close()
    with closing(card):
        serve(new_chip(), card)


def test_no_reader_is_a_coded_error() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(DeviceError, match=str(port)) as error:
        dial("127.0.0.1", port)
    assert error.value.code == "VPCD_UNREACHABLE"


@given(st.lists(st.binary(max_size=300).filter(lambda message: len(message) != 1), max_size=8))
def test_every_command_gets_one_answer(messages: list[bytes]) -> None:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        for message in messages:
            theirs.sendall(struct.pack(">H", len(message)) + message)
        theirs.shutdown(socket.SHUT_WR)
        serve(new_chip(), ours)
        ours.shutdown(socket.SHUT_WR)
        reader = Reader(theirs)
        assert all(len(reader.hear()) >= 2 for _ in messages)
        assert theirs.recv(1) == b""
