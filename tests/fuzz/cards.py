"""The software card: whatever it is sent, it answers, keeps its memory whole and never raises."""

from __future__ import annotations

from functools import cache

from cardwright.chip import PROFILES, Chip, manufacture
from tests.fuzz.target import Target, pack, unpack
from tests.unit.chip.emv.card import (
    GPO,
    LOCATOR,
    PIN_BLOCK,
    TDES,
    TERMINAL,
    Card,
    aes_issuer,
    card,
    groupings,
    restarted,
)
from tests.unit.chip.emv.issuer import tlv
from tests.unit.chip.host import (
    AES_SET,
    SERIAL,
    TDES_SET,
    Host,
    Scp02Host,
    Scp03Host,
    Scp03S16Host,
    command,
    fetch,
)
from tests.unit.chip.personalizer import (
    BADGE_AID,
    BADGE_CODE,
    EMV_AID,
    EMV_CODE,
    KMC,
    badge_groupings,
    check_values_by_psec,
    emv_groupings,
    open_session,
    run,
    script,
)

__all__ = ["CARDS"]

_LONGEST_ANSWER = 65536 + 2


def _counting(size: int) -> bytes:
    """Not random at all: a run can be repeated."""
    return bytes(range(size))


@cache
def _memories() -> list[bytes]:
    """Cards of every kind, and one with both applications personalized."""
    made = [
        manufacture(SERIAL, [AES_SET, TDES_SET], profile=profile, random=_counting).serialize()
        for profile in PROFILES.values()
    ]
    chip = manufacture(SERIAL, KMC, random=_counting)
    channel = open_session(chip)
    steps = script(EMV_CODE, EMV_AID, emv_groupings(channel, check_values_by_psec()))
    steps += script(BADGE_CODE, BADGE_AID, badge_groupings(channel, bytes(16)))
    assert {answer[-2:] for answer in run(chip, channel, steps)} == {b"\x90\0"}
    return [*made, chip.serialize()]


def _check_answer(answer: bytes) -> None:
    assert 2 <= len(answer) <= _LONGEST_ANSWER
    assert answer[-2] >> 4 in (6, 9)


def _check_memory(chip: Chip) -> None:
    kept = chip.serialize()
    assert Chip.restore(kept).serialize() == kept


def _plain(data: bytes) -> None:
    """Choose a card and an interface, then send commands; an empty one is a reset."""
    memories = _memories()
    first = data[0] if data else 0
    contactless = bool(first & 0x80)
    chip = Chip.restore(memories[first % len(memories)], random=_counting)
    chip.power_on(contactless=contactless)
    for each in unpack(data[1:]):
        if each:
            _check_answer(chip.process(each))
        else:
            chip.power_on(contactless=contactless)
    _check_memory(chip)


def _select(aid: bytes) -> bytes:
    return command(0, 0xA4, 4, 0, aid)


def _plain_seeds() -> list[bytes]:
    last = bytes((len(_memories()) - 1,))
    generate = command(0x80, 0xAE, 0x80, 0, TERMINAL, b"\0")
    pay = [_select(EMV_AID), GPO, bytes.fromhex("00B2010C00"), generate]
    prove = [
        _select(BADGE_AID),
        command(0, 0x88, 0, 0, bytes(16)),
        bytes.fromhex("0084000000"),
        command(0, 0x82, 0, 0, bytes(16)),
        bytes.fromhex("00B201AC00"),
    ]
    manage = [
        command(0x80, 0x50, 0, 0, bytes(8), b"\0"),
        bytes.fromhex("80CA9F7F00"),
        bytes.fromhex("80CA00E000"),
        bytes.fromhex("80CA006600"),
        command(0x84, 0x82, 3, 0, bytes(16)),
    ]
    return [last + pack(each) for each in (pay, prove, manage)] + [
        bytes((at,)) + pack(manage) for at in range(len(_memories()) - 1)
    ]


_HOSTS: tuple[tuple[type[Host], int, int], ...] = (
    (Scp03Host, 0x30, 0x01),
    (Scp03Host, 0x30, 0x33),
    (Scp02Host, 0x20, 0x03),
    (Scp03S16Host, 0x30, 0x33),
)


def _secured(data: bytes) -> None:
    """Choose a card and a channel, then send commands that carry a right MAC."""
    kinds = list(PROFILES.values())
    first = data[0] if data else 0
    host, version, level = _HOSTS[first >> 4 & 3]
    at = 4 if host is Scp03S16Host else first % 4  # the last profile alone has S16
    extended = kinds[at].extended
    chip = Chip.restore(_memories()[at], random=_counting)
    session = host(chip, version).open(level)
    for each in unpack(data[1:]):
        if len(each) < 5 or len(each) > 220 or not each[4] or len(each) < 5 + each[4]:
            continue
        answer = fetch(chip, session.wrap(each[: 5 + each[4]]))
        assert len(answer) >= 2
        if answer[-2:] in (b"\x69\x82", b"\x69\x88") and not extended:
            break  # the chip ended the session
    _check_memory(chip)


def _secured_seeds() -> list[bytes]:
    """A whole personalization of each application, its data in clear where keys should not be."""
    chip = Chip.restore(_memories()[0], random=_counting)
    session = Scp03Host(chip, 0x30).open(0x01)
    key = session.encrypt(bytes(range(16)))

    def install(code: tuple[bytes, bytes], aid: bytes) -> list[bytes]:
        names = b"".join(bytes((len(each),)) + each for each in (*code, aid, b"\0", b"\xc9\0"))
        name = bytes((len(aid),)) + aid
        return [
            command(0x80, 0xE6, 0x0C, 0, names + b"\0"),
            command(0x80, 0xE6, 0x20, 0, b"\0\0" + name + b"\0\0\0"),
        ]

    badge = [
        *install(BADGE_CODE, BADGE_AID),
        command(0x80, 0xE2, 0x08, 0, b"\x0c\x01\x04text"),
        command(0x80, 0xE2, 0xE8, 1, b"\x80\x01\x10" + key),
    ]
    emv = install(EMV_CODE, EMV_AID)
    for number, each in enumerate(
        (b"\x91\x02\x0f\xa5\x0d\x50\x04CARD\x9f\x38\x03\x9f\x1a\x02", b"\x90\x10\x02\3\3")
    ):
        emv.append(command(0x80, 0xE2, 0x08, number, each))
    emv.append(command(0x80, 0xE2, 0xE8, 2, b"\x80\x00\x30" + key * 3))
    manage = [
        command(0x80, 0xF2, 0x40, 2, b"\x4f\0"),
        command(0x80, 0xF0, 0x80, 0x07, b"\xa0\x00\x00\x01\x51\x00\x00\x00"),
        command(0x80, 0xD8, 0x30, 0x81, b"\x31" + b"\x88\x11\x10" + key + b"\3abc"),
        command(0x80, 0xE4, 0, 0, b"\x4f\x05" + BADGE_AID[:5]),
    ]
    return [
        bytes((channel << 4 | kind,)) + pack(commands)
        for channel, kind in ((0, 0), (1, 2), (2, 1), (3, 0))
        for commands in (badge, emv, manage)
    ]


_CONTACTLESS = {0x9207: tlv(0x82, b"\x19\0") + tlv(0x94, LOCATOR)}


@cache
def _payment_cards() -> list[Card]:
    return [
        card(issuer, groupings(issuer, extra=_CONTACTLESS))
        for issuer in (TDES, aes_issuer(16), aes_issuer(32))
    ]


def _payment(data: bytes) -> None:
    """Choose a payment application with keys, PIN and CDA, and send commands to it alone."""
    cards = _payment_cards()
    first = data[0] if data else 0
    subject = Card(restarted(cards[first % len(cards)].applet))
    subject.applet.contactless = bool(first & 0x80)
    subject.select()
    for each in unpack(data[1:]):
        if len(each) < 4:
            subject.select()
            continue
        try_once(subject, each)


def try_once(subject: Card, each: bytes) -> None:
    """Send one command; a refusal has no data, and an answer fits a short response."""
    response, status = subject.send(each)
    assert len(response) <= 256
    assert status >> 12 in (6, 9)
    assert status == 0x9000 or not response


def _payment_seeds() -> list[bytes]:
    second = b"00" + bytes(16) + b"\xca\xfe\xba\xbe"
    pay = [
        GPO,
        command(0, 0x20, 0, 0x80, PIN_BLOCK),
        command(0x80, 0xAE, 0x90, 0, TERMINAL, b"\0"),
        command(0, 0x82, 0, 0, bytes(8)),
        command(0x8C, 0x24, 0, 0, tlv(0x8E, bytes(8))),
        command(0x80, 0xAE, 0x50, 0, second, b"\0"),
    ]
    sign = [GPO, command(0, 0x88, 0, 0, bytes(4), b"\0"), bytes.fromhex("0084000000")]
    sign.append(command(0, 0x20, 0, 0x88, bytes(96)))
    scripts = [
        GPO,
        command(0x80, 0xAE, 0x80, 0, TERMINAL, b"\0"),
        command(0x0C, 0xDA, 0x9F, 0x14, tlv(0x81, b"\1") + tlv(0x8E, bytes(8))),
        command(0x0C, 0xDC, 1, 0x0C, tlv(0x87, b"\1" + bytes(16)) + tlv(0x8E, bytes(8))),
        command(0x84, 0x1E, 0, 0, bytes(8)),
    ]
    return [bytes((at,)) + pack(each) for at in range(3) for each in (pay, sign, scripts)]


CARDS = (
    Target("card", "the software card, by bare commands", _plain, _plain_seeds),
    Target("secured", "the software card, in a secure channel", _secured, _secured_seeds),
    Target("payment", "its payment application, in transactions", _payment, _payment_seeds),
)
