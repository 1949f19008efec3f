"""Against pcsc-lite and vsmartcard's reader, where they are installed."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cardwright.reader import ReaderError, Slot, WholeAnswers, connect, readers, watch
from tests.integration.reader.service import Service
from tests.unit.reader.contract import (
    INITIALIZE_UPDATE,
    SELECT_CARD_MANAGER,
    CardConnectionContract,
    Inserted,
    new_chip,
)


@pytest.fixture
def slot(service: Service) -> str:
    """The first slot of the reader."""
    assert service.process.poll() is None
    first, _ = sorted(readers())
    return first


def wait_for_card(slot: str, present: bool = True) -> None:
    with watch() as slots:
        next(seen for seen in slots if Slot(slot, present) in seen)


@pytest.fixture
def inserted(service: Service, slot: str) -> Iterator[Inserted]:
    with service.insert() as card:
        wait_for_card(slot)
        connection = connect(slot)
        yield Inserted(connection, card)
        connection.close()


class TestPcsc(CardConnectionContract):
    pass


def test_a_card_is_its_holders_alone(slot: str, inserted: Inserted) -> None:
    for exclusive in (False, True):
        with pytest.raises(ReaderError) as error:
            connect(slot, exclusive=exclusive)
        assert error.value.code == "READER_BUSY"
    inserted.connection.close()
    again = connect(slot)
    assert again.transmit(SELECT_CARD_MANAGER)[-2:] == b"\x90\x00"
    again.close()


def test_an_empty_reader_has_no_card(slot: str) -> None:
    with pytest.raises(ReaderError) as error:
        connect(slot)
    assert error.value.code == "CARD_REMOVED"


@pytest.mark.usefixtures("service")
def test_a_reader_that_never_was_is_lost() -> None:
    with pytest.raises(ReaderError) as error:
        connect("No Such Reader 00 00")
    assert error.value.code == "READER_LOST"


def test_a_card_of_t0_is_one_over_pcsc_too(service: Service, slot: str) -> None:
    with service.insert("t0"):
        wait_for_card(slot)
        card = WholeAnswers(connect(slot))
        assert card.atr == new_chip("t0").atr
        answer = card.transmit(INITIALIZE_UPDATE)
        assert answer[:10] == bytes(10)
        assert answer[-2:] == b"\x90\x00"
        card.close()


def test_a_watch_sees_cards_come_and_go_and_ends(service: Service, slot: str) -> None:
    other = sorted(readers())[1]
    with watch() as slots:
        seen = iter(slots)
        assert next(seen) == (Slot(slot, card=False), Slot(other, card=False))
        with service.insert():
            assert next(seen) == (Slot(slot, card=True), Slot(other, card=False))
            with service.insert(slot=1):
                assert next(seen) == (Slot(slot, card=True), Slot(other, card=True))
            assert next(seen) == (Slot(slot, card=True), Slot(other, card=False))
        assert next(seen) == (Slot(slot, card=False), Slot(other, card=False))
        closing = threading.Timer(0.2, slots.close)
        closing.start()
        assert next(seen, None) is None
        closing.join()


def test_a_service_that_ends_is_told_everywhere(
    service: Service, slot: str, inserted: Inserted
) -> None:
    with watch() as slots:
        seen = iter(slots)
        assert Slot(slot, card=True) in next(seen)
        service.process.terminate()
        service.process.wait(10)
        with pytest.raises(ReaderError) as error:
            next(seen)
        assert error.value.code == "READER_SERVICE"
    with pytest.raises(ReaderError) as error:
        inserted.connection.transmit(SELECT_CARD_MANAGER)
    assert error.value.code == "READER_SERVICE"
    with pytest.raises(ReaderError) as error:
        readers()
    assert error.value.code == "READER_SERVICE"
