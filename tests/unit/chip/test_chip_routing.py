"""Which commands a selected application gets, and how."""

from __future__ import annotations

import pytest

from cardwright.chip import Chip, manufacture
from cardwright.chip.apdu import Command
from cardwright.chip.badge_applet import BadgeApplet
from tests.unit.chip.badge import BADGE, personalize
from tests.unit.chip.host import AES_SET, ISD, OK, SERIAL, Scp03Host, command

ISSUER_SCRIPT = command(0x84, 0x1E, 0, 0, bytes(8))


@pytest.fixture
def badge(monkeypatch: pytest.MonkeyPatch) -> Chip:
    """A badge that takes issuer scripts, and is selected."""
    chip = manufacture(SERIAL, [AES_SET])
    personalize(chip)
    monkeypatch.setattr(BadgeApplet, "unwraps", lambda _, sent: sent.ins == 0x1E)
    monkeypatch.setattr(BadgeApplet, "process", lambda _, sent: bytes((sent.cla, sent.ins)))
    assert chip.process(command(0, 0xA4, 4, 0, BADGE))[-2:] == OK
    return chip


def test_an_application_takes_off_its_own_secure_messaging(badge: Chip) -> None:
    assert badge.process(ISSUER_SCRIPT) == b"\x84\x1e" + OK
    assert badge.process(b"\x8c" + ISSUER_SCRIPT[1:]) == b"\x8c\x1e" + OK
    assert badge.process(b"\x85" + ISSUER_SCRIPT[1:]) == b"\x68\x81"
    assert badge.process(command(0x84, 0x1F, 0, 0, bytes(8))) == b"\x69\x82"


def test_within_a_session_of_the_card_manager_all_secure_messaging_is_its(badge: Chip) -> None:
    host = Scp03Host(badge).open(0x03)
    assert host.send(0x80, 0x1E, 0, 0, b"data") == b"\x80\x1e" + OK
    assert badge.process(ISSUER_SCRIPT) == b"\x69\x82"


def test_the_card_managers_applications_get_only_commands_of_their_own(badge: Chip) -> None:
    assert badge.process(command(0, 0xA4, 4, 0, ISD))[-2:] == OK
    assert badge.process(ISSUER_SCRIPT) == b"\x69\x82"


def test_a_blocked_card_selects_nothing(badge: Chip, monkeypatch: pytest.MonkeyPatch) -> None:
    """EMV Book 3, 6.5.3: after CARD BLOCK every SELECT is refused with 6A81."""
    monkeypatch.setattr(BadgeApplet, "blocks_card", True)
    for name in (BADGE, ISD, b""):
        assert badge.process(command(0, 0xA4, 4, 0, name, b"\0")) == b"\x6a\x81"


def test_commands_reach_applications_as_they_came(
    badge: Chip, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Command] = []

    def spy(_: BadgeApplet, sent: Command) -> bytes:
        seen.append(sent)
        return b""

    monkeypatch.setattr(BadgeApplet, "process", spy)
    assert badge.process(command(0x80, 0xAE, 1, 2, b"abc", b"\0")) == OK
    assert seen == [Command(0x80, 0xAE, 1, 2, b"abc", 256)]
