"""The entry point of a contactless reader, as far as records."""

from __future__ import annotations

import pytest

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.terminal import ContactlessReading, TerminalAid, read_contactless
from cardwright.terminal.flags import Aip
from tests.unit.terminal.card_kit import AID, NOT_FOUND, OK, FakeCard, base_objects, fci
from tests.unit.terminal.kit import REQUEST, counting, profile
from tests.unit.terminal.rsa_kit import PAN

ENTRY = tlv.encode(0x61, tlv.encode_all(((0x4F, AID), (0x50, b"CARDWRIGHT"), (0x87, b"\1"))))


def contactless(entries: bytes = ENTRY, **changes: object) -> FakeCard:
    card = FakeCard(pdol=bytes.fromhex("9F6604"), **changes)  # type: ignore[arg-type]  # a kit's
    directory = fci(b"2PAY.SYS.DDF01", [(0xBF0C, entries)]) + OK

    def select(command: CommandApdu) -> bytes:
        return directory if command.data == b"2PAY.SYS.DDF01" else card._select(command)

    card.replies[0xA4] = select
    return card


def read(card: FakeCard, *aids: bytes) -> ContactlessReading:
    accepted = tuple(TerminalAid(aid) for aid in aids or (AID,))
    return read_contactless(card, profile(aids=accepted), REQUEST, random=counting)


def test_directory_options_and_records_are_read() -> None:
    card = contactless()
    found = read(card)
    assert (found.code, found.findings) == ("READ", ())
    assert (found.candidates, found.aid) == ((AID,), AID)
    assert found.aip == Aip.CARDHOLDER_VERIFICATION | Aip.TERMINAL_RISK_MANAGEMENT
    assert found.objects[0x5A].reveal() == bytes.fromhex(PAN)
    assert [command.ins for command in card.commands] == [0xA4, 0xA4, 0xA8, 0xB2]
    assert card.commands[2].data.hex() == "830426000000"
    assert PAN not in repr(found)


def test_objects_that_contact_cards_must_have_may_be_missing() -> None:
    objects = base_objects()
    del objects[0x8C]
    assert read(contactless(objects=objects)).code == "READ"


def test_a_card_may_have_no_records() -> None:
    card = contactless()
    answer = tlv.encode_all(((0x82, b"\0\0"), (0x9F26, bytes(8)), (0x9F36, b"\0\1")))
    card.replies[0xA8] = lambda _: tlv.encode(0x77, answer) + OK
    found = read(card)
    assert found.code == "READ"
    assert found.objects[0x9F26].reveal() == bytes(8)


def test_applications_are_tried_in_order() -> None:
    other = bytes.fromhex("F0434152445702")
    second = tlv.encode(0x61, tlv.encode_all(((0x4F, other), (0x87, b"\2"))))
    found = read(contactless(second + ENTRY), AID[:6])
    assert found.candidates == (AID, other)
    # The first one is not to be used here, the second one is gone.
    card = contactless(second + ENTRY)
    card.replies[0xA8] = lambda _: b"\x69\x85"
    found = read(card, AID[:6])
    assert (found.code, found.findings) == ("NO_APPLICATION", ("GPO_NOT_HERE", "SELECT_REFUSED"))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (NOT_FOUND, "PPSE_MISSING"),
        (OK, "PPSE_FORMAT"),
        (fci(b"1PAY.SYS.DDF01", [(0xBF0C, ENTRY)]) + OK, "PPSE_FORMAT"),
        (fci(b"2PAY.SYS.DDF01", []) + OK, "PPSE_FORMAT"),
        (fci(b"2PAY.SYS.DDF01", [(0xBF0C, b"\x61\x09")]) + OK, "PPSE_FORMAT"),
        (fci(b"2PAY.SYS.DDF01", [(0xBF0C, b"\x61\x02\x4f\x05")]) + OK, "PPSE_FORMAT"),
        (fci(b"2PAY.SYS.DDF01", [(0xBF0C, b"")]) + OK, "NO_APPLICATION"),
    ],
)
def test_a_directory_that_is_none_ends_it(answer: bytes, code: str) -> None:
    card = FakeCard()
    card.replies[0xA4] = lambda _: answer
    found = read(card)
    assert (found.code, found.aid) == (code, b"")


def test_a_card_taken_from_the_field_ends_it() -> None:
    for at in range(1, 5):
        found = read(contactless(pull_at=at))
        assert (found.code, len(found.log)) == ("CARD_REMOVED", at)


def test_bad_records_end_it() -> None:
    card = contactless()
    card.replies[0xB2] = lambda _: b"\x6a\x82"
    assert read(card).code == "RECORD_REFUSED"
