"""Which application is used: by the card's directory, or by the terminal's list."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from cardwright.iso import tlv
from cardwright.iso.apdu import CommandApdu
from cardwright.terminal import Outcome, TerminalAid, Transaction
from cardwright.terminal.directory import Candidate, order, read_fci
from tests.unit.terminal.card_kit import AID, NOT_FOUND, OK, FakeCard, fci
from tests.unit.terminal.kit import pay, profile

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

ANY = TerminalAid(b"\xf0CARD")
BLOCKED = b"\x6a\x81"
FIRST, SECOND, THIRD = (b"\xf0CARD" + bytes((n,)) for n in (1, 2, 3))


def entry(name: bytes, priority: int | None = None) -> bytes:
    indicator = [] if priority is None else [(0x87, bytes((priority,)))]
    return tlv.encode(0x61, tlv.encode_all([(0x4F, name), (0x50, b"LABEL"), *indicator]))


class Applications:
    """A card that has these names, answers SELECT, and refuses everything else with 6985.

    ``status`` gives status words of names that are not to be used.
    """

    def __init__(
        self,
        names: Iterable[bytes],
        directory: list[bytes] | None = None,
        status: dict[bytes, bytes] | None = None,
    ) -> None:
        self.names, self.directory, self.status = list(names), directory, status or {}
        self.at = -1
        self.tried: list[bytes] = []

    def transmit(self, octets: bytes) -> bytes:
        command = CommandApdu.parse(octets)
        if command.ins == 0xB2 and self.directory is not None:
            found = command.p1 <= len(self.directory)
            return self.directory[command.p1 - 1] + OK if found else b"\x6a\x83"
        if command.ins == 0xA8:
            self.tried.append(self.names[self.at])
            return b"\x69\x85"
        if command.data == b"1PAY.SYS.DDF01":
            return NOT_FOUND if self.directory is None else fci(command.data, [(0x88, b"\1")]) + OK
        start = self.at + 1 if command.p2 == 2 else 0
        for at in range(start, len(self.names)):
            if self.names[at].startswith(command.data):
                self.at = at
                name = self.names[at]
                return fci(name, [(0x50, b"LABEL")]) + self.status.get(name, OK)
        return NOT_FOUND


def choose(card: Applications, *aids: TerminalAid, confirms: bool = True) -> Transaction:
    result = pay(card, profile(aids=aids or (ANY,), confirms_application=confirms))
    assert (result.outcome, result.code) == (Outcome.TERMINATED, "NO_APPLICATION")
    return result


def test_the_directory_gives_the_order() -> None:
    records = [
        tlv.encode(0x70, entry(FIRST, 2) + entry(THIRD)),
        tlv.encode(0x70, entry(SECOND, 1) + entry(b"\xa0\0\0\0\x03\x10\x10", 1)),
    ]
    card = Applications([FIRST, SECOND, THIRD], records)
    result = choose(card)
    assert card.tried == [SECOND, FIRST, THIRD]
    assert result.selected_by == "PSE"
    assert result.findings == ("GPO_NOT_HERE",) * 3


def test_without_a_directory_every_occurrence_of_a_name_is_found() -> None:
    card = Applications([FIRST, SECOND, THIRD])
    result = choose(card)
    assert card.tried == [FIRST, SECOND, THIRD]
    assert result.selected_by == "AID_LIST"
    assert result.findings[0] == "PSE_MISSING"


def test_a_name_that_must_match_whole_takes_no_longer_one() -> None:
    card = Applications([FIRST, SECOND])
    result = choose(
        card, TerminalAid(b"\xf0CARD", partial=False), TerminalAid(SECOND, partial=False)
    )
    assert card.tried == [SECOND]
    # PSE; CARD, and its two next ones; SECOND without; the choice; its options.
    assert [each.ins for each in result.log] == [0xA4] * 6 + [0xA8]


def test_an_application_that_two_names_find_is_one_candidate() -> None:
    card = Applications([FIRST])
    choose(card, ANY, TerminalAid(FIRST))
    assert card.tried == [FIRST]


def test_a_deactivated_application_is_no_candidate() -> None:
    card = Applications([FIRST, SECOND], status={FIRST: b"\x62\x83"})
    choose(card)
    assert card.tried == [SECOND]


def test_a_card_that_gives_the_same_occurrence_for_ever_is_left() -> None:
    class Stubborn(Applications):
        def transmit(self, octets: bytes) -> bytes:
            if octets[:4] == b"\0\xa4\4\2":
                return super().transmit(octets[:3] + b"\0" + octets[4:])
            return super().transmit(octets)

    card = Stubborn([FIRST])
    choose(card)
    assert card.tried == [FIRST]


def test_an_application_that_is_gone_at_last_is_passed_over() -> None:
    card = Applications([SECOND], [tlv.encode(0x70, entry(FIRST, 1) + entry(SECOND, 2))])
    result = choose(card)
    assert card.tried == [SECOND]
    assert "SELECT_REFUSED" in result.findings


def test_an_application_that_answers_by_another_name_is_passed_over() -> None:
    card = Applications([FIRST + b"more"], [tlv.encode(0x70, entry(FIRST))])
    result = choose(card, TerminalAid(FIRST, partial=False))
    assert result.findings == ("FCI_FORMAT",)


def test_what_must_be_confirmed_needs_somebody_to_confirm() -> None:
    records = [tlv.encode(0x70, entry(FIRST, 0x81) + entry(SECOND, 2))]
    card = Applications([FIRST, SECOND], records)
    choose(card)
    assert card.tried == [FIRST, SECOND]
    card = Applications([FIRST, SECOND], records)
    choose(card, confirms=False)
    assert card.tried == [SECOND]


@pytest.mark.parametrize(
    "directory",
    [
        [],
        [b"\x71\0"],
        [tlv.encode(0x70, b"\x61\x05\x4f")],
        [b"\x70\x05\x61"],
        [tlv.encode(0x70, tlv.encode(0x61, tlv.encode(0x50, b"NAMELESS")))],
        [tlv.encode(0x70, entry(b"\xf0CA"))],
    ],
)
def test_a_bad_directory_leads_to_the_list(directory: list[bytes]) -> None:
    card = Applications([FIRST], directory)
    result = choose(card)
    assert (card.tried, result.selected_by) == ([FIRST], "AID_LIST")


@pytest.mark.parametrize(
    "answer",
    [
        fci(b"1PAY.SYS.DDF02", [(0x88, b"\1")]),
        fci(b"1PAY.SYS.DDF01", []),
        fci(b"1PAY.SYS.DDF01", [(0x88, b"\x0b")]),
        fci(b"1PAY.SYS.DDF01", [(0x88, b"")]),
        b"\x6f\x10",
        b"",
    ],
)
def test_a_bad_answer_of_the_directory_leads_to_the_list(answer: bytes) -> None:
    class Odd(Applications):
        def transmit(self, octets: bytes) -> bytes:
            return answer + OK if b"1PAY" in octets else super().transmit(octets)

    result = choose(Odd([FIRST]))
    assert (result.findings[0], result.selected_by) == ("PSE_FORMAT", "AID_LIST")


@pytest.mark.parametrize("at", [b"1PAY.SYS.DDF01", AID])
def test_a_blocked_card_ends_it(at: bytes) -> None:
    card = FakeCard(pse=False)
    card.replies[0xA4] = lambda command: BLOCKED if command.data == at else NOT_FOUND
    result = pay(card)
    assert (result.outcome, result.code) == (Outcome.TERMINATED, "CARD_BLOCKED")


def test_nothing_in_common_ends_it() -> None:
    result = pay(FakeCard(), profile(aids=(TerminalAid(b"\xa0\0\0\0\3"),)))
    assert (result.code, result.aid) == ("NO_APPLICATION", b"")


def test_an_object_of_the_answer_that_is_malformed_passes_the_application_over() -> None:
    card = FakeCard()
    card.replies[0xA4] = lambda command: (
        fci(AID, [(0x9F14, b"")]) + OK if command.data == AID and not command.p2 else NOT_FOUND
    )
    result = pay(card)
    assert (result.code, result.findings[-1]) == ("NO_APPLICATION", "FCI_FORMAT")


def test_equal_priorities_stay_as_the_card_has_them() -> None:
    def candidate(name: bytes, priority: int) -> Candidate:
        return Candidate(name, ANY, priority=priority)

    found = [candidate(FIRST, 0), candidate(SECOND, 15), candidate(THIRD, 15)]
    assert [each.name for each in order(found, confirms=True)] == [SECOND, THIRD, FIRST]


def test_file_control_information_needs_a_name() -> None:
    assert read_fci(tlv.encode(0x6F, tlv.encode(0xA5, b""))) is None
    assert read_fci(fci(bytes(17), [])) is None
