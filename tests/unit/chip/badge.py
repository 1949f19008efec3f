"""A host that personalizes a badge, command by command, for tests of STORE DATA and power cuts."""

from __future__ import annotations

from collections.abc import Callable

from cardwright.chip import Chip
from tests.unit.chip.host import KEY, OK, Host, Scp03Host, command, fetch

PACKAGE, MODULE = b"\xf0CWBDG", b"\xf0CWBDG\x01"
BADGE = b"\xf0BADGE01"
RECORDS = [bytes((n,)) * 150 for n in range(4)]

Step = Callable[[], bytes]


def lv(value: bytes) -> bytes:
    return bytes((len(value),)) + value


def grouping(identifier: int, value: bytes) -> bytes:
    size = bytes((len(value),)) if len(value) < 0xFF else b"\xff" + len(value).to_bytes(2, "big")
    return identifier.to_bytes(2, "big") + size + value


def install(host: Host, aid: bytes = BADGE) -> bytes:
    data = lv(PACKAGE) + lv(MODULE) + lv(aid) + lv(b"\0") + lv(b"\xc9\0") + b"\0"
    return host.send(0x80, 0xE6, 0x0C, 0, data)


def for_personalization(host: Host, aid: bytes = BADGE) -> bytes:
    return host.send(0x80, 0xE6, 0x20, 0, b"\0\0" + lv(aid) + b"\0\0\0")


def store(host: Host, p1: int, block: int, data: bytes) -> bytes:
    return host.send(0x80, 0xE2, p1, block, data)


def key_block(host: Host) -> bytes:
    return grouping(0x8001, host.encrypt(KEY))


def read(chip: Chip, *numbers: int) -> list[bytes]:
    """Records of the badge, each with its status word."""
    assert fetch(chip, command(0, 0xA4, 4, 0, BADGE))[-2:] == OK
    return [fetch(chip, bytes((0, 0xB2, number, 0x0C << 3 | 4, 0))) for number in numbers]


def steps(host: Host) -> list[Step]:
    """A whole personalization, in blocks that cut through its groupings."""
    data = b"".join(grouping(0x0C01 + n, value) for n, value in enumerate(RECORDS))
    parts = [data[at : at + 200] for at in range(0, len(data), 200)]
    blocks = [(0x08, number, part) for number, part in enumerate(parts)]
    blocks.append((0xE8, len(parts), key_block(host)))

    def stores(p1: int, number: int, part: bytes) -> Step:
        return lambda: store(host, p1, number, part)

    return [
        lambda: install(host),
        lambda: for_personalization(host),
        *(stores(*block) for block in blocks),
    ]


def state_of(chip: Chip) -> str:
    """What a host can tell of the badge: absent, fresh or personalized."""
    host = Scp03Host(chip).open(0x01)
    answer = host.send(0x80, 0xF2, 0x40, 0x02, b"\x4f" + lv(BADGE))
    if answer == b"\x6a\x88":
        return "absent"
    state = answer[answer.index(b"\x9f\x70\x01") + 3]
    return {0x07: "fresh", 0x0F: "personalized"}[state]


def personalize(chip: Chip, cut_after: int | None = None) -> None:
    """Begin as a host must that meets the badge in any state; perhaps break off."""
    missing = {"absent": 0, "fresh": 1}[state_of(chip)]
    for step in steps(Scp03Host(chip).open(0x03))[missing:][:cut_after]:
        assert step()[-2:] == OK
