"""The card manager against a model of it, command by command, with power cuts in between."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from cardwright.chip import Chip, KeyType, manufacture
from tests.unit.chip.badge import for_personalization, grouping, install, key_block, lv, store
from tests.unit.chip.host import (
    AES_SET,
    ISD,
    KEY,
    OTHER_KEY,
    SERIAL,
    TDES_SET,
    Host,
    Scp02Host,
    Scp03Host,
    command,
)

AIDS = [b"\xf0BADGE0" + bytes((n,)) for n in range(2)]
VERSIONS = [0x20, 0x21, 0x30, 0x31]
NEXT = {0x01: {0x07}, 0x07: {0x0F}, 0x0F: {0x7F}, 0x7F: {0x0F}, 0xFF: set()}

aids = st.sampled_from(AIDS)
versions = st.sampled_from(VERSIONS)


def kind_of(version: int) -> KeyType:
    return KeyType.TDES if version < 0x30 else KeyType.AES


manages = precondition(lambda self: self.host or (self.state != 0xFF and self.usable() is not None))


class Card(RuleBasedStateMachine):
    """What a card manager knows, kept beside the chip."""

    def __init__(self) -> None:
        super().__init__()
        self.chip = manufacture(SERIAL, [AES_SET, TDES_SET])
        self.keys = {0x30: KEY, 0x20: KEY}
        self.failures = {0x30: 0, 0x20: 0}
        self.state = 0x01
        self.badges: dict[bytes, int] = {}
        self.locked: set[bytes] = set()
        self.host: Host | None = None
        self.running: bytes | None = None
        self.block = 0

    def session(self, chip: Chip, version: int) -> Host:
        host = Scp02Host if kind_of(version) is KeyType.TDES else Scp03Host
        return host(chip, version, (self.keys.get(version, KEY),) * 3)

    def opened(self) -> Host:
        """The session there is, or a new one."""
        if self.host is None:
            version = self.usable()
            assert version is not None
            self.open_session(version, 0x03)
        assert self.host is not None
        return self.host

    def usable(self) -> int | None:
        return next((each for each in self.keys if self.failures[each] < 10), None)

    def end_session(self) -> None:
        self.host = self.running = None

    def changeable(self) -> bool:
        return self.state not in (0x7F, 0xFF)

    def expect(self, answer: bytes, status: str | None) -> bool:
        """Whether it went well; ``status`` is the model's refusal, if any."""
        assert answer[-2:].hex() == (status or "9000")
        return status is None

    @rule(version=versions, level=st.sampled_from([0x01, 0x03]))
    def open_session(self, version: int, level: int) -> None:
        self.end_session()
        host = self.session(self.chip, version)
        if self.state == 0xFF:
            assert host.answer == b"\x69\x85"
        elif version not in self.keys:
            assert host.answer == b"\x6a\x88"
        elif self.failures[version] >= 10:
            assert host.answer == b"\x69\x83"
        else:
            self.host = host.open(level)
            self.failures[version] = 0

    @precondition(lambda self: self.state != 0xFF)
    @rule(version=versions, times=st.integers(1, 7))
    def fail_to_authenticate(self, version: int, times: int) -> None:
        self.end_session()
        for _ in range(times if version in self.keys else 0):
            if self.failures[version] == 10:
                return
            self.session(self.chip, version)
            self.failures[version] += 1
            expected = "6983" if self.failures[version] == 10 else "6300"
            assert self.chip.process(command(0x84, 0x82, 1, 0, bytes(16))).hex() == expected

    @manages
    @rule(aid=aids)
    def install(self, aid: bytes) -> None:
        refused = not self.changeable() or aid in self.badges
        if self.expect(install(self.opened(), aid), "6985" if refused else None):
            self.badges[aid] = 0x07

    @manages
    @rule(aid=aids)
    def delete(self, aid: bytes) -> None:
        status = "6985" if not self.changeable() else "6a88" if aid not in self.badges else None
        answer = self.opened().send(0x80, 0xE4, 0, 0, b"\x4f" + lv(aid))
        if self.expect(answer, status):
            del self.badges[aid]
            self.locked.discard(aid)
            self.running = None

    @manages
    @rule(aid=aids)
    def begin_personalization(self, aid: bytes) -> None:
        if not self.changeable():
            status: str | None = "6985"
        elif aid not in self.badges:
            status = "6a88"
        else:
            status = "6985" if aid in self.locked or self.badges[aid] == 0x0F else None
        if self.expect(for_personalization(self.opened(), aid), status):
            self.running, self.block = aid, 0

    @manages
    @rule(good=st.sampled_from([True, True, True, False]), last=st.booleans())
    def store(self, good: bool, last: bool) -> None:
        host = self.opened()
        number = self.block if good else self.block + 1
        data = key_block(host) if last else grouping(0x0C01 + self.block, b"record")
        answer = store(host, 0xE8 if last else 0x08, number, data)
        if not self.changeable() or self.running is None or self.running in self.locked:
            assert answer == b"\x69\x85"
            self.running = self.running if not self.changeable() else None
        elif self.expect(answer, None if good else "6a86"):
            self.block += 1
            if last:
                self.badges[self.running] = 0x0F
                self.running = None
        else:
            self.running = None

    @manages
    @rule(state=st.sampled_from([None, None, None, 0x01, 0x07, 0x0F, 0x7F, 0xFF]))
    def set_card_state(self, state: int | None) -> None:
        """None is the next one."""
        if state is None:
            state = min(NEXT[self.state], default=0xFF)
        if self.state == 0xFF or (state != 0xFF and state not in NEXT[self.state]):
            status = "6985"
        else:
            status = None
        if self.expect(self.opened().send(0x80, 0xF0, 0x80, state), status):
            self.state = state

    @manages
    @rule(aid=aids, locked=st.booleans())
    def lock(self, aid: bytes, locked: bool) -> None:
        if self.state == 0xFF:
            status: str | None = "6985"
        elif aid not in self.badges:
            status = "6a88"
        else:
            status = "6985" if locked == (aid in self.locked) else None
        answer = self.opened().send(0x80, 0xF0, 0x40, 0x80 if locked else 0, aid)
        if self.expect(answer, status):
            (self.locked.add if locked else self.locked.discard)(aid)

    @manages
    @rule(
        old=st.sampled_from([0, *VERSIONS]),
        new=versions,
        wrong=st.sampled_from([True, False, False, False]),
    )
    def put_key(self, old: int, new: int, wrong: bool) -> None:
        kind = kind_of(new)
        host = self.opened()
        fields = b"".join(host.key_field(kind, OTHER_KEY) for _ in range(3))
        if wrong:
            fields = fields[:-1] + bytes((fields[-1] ^ 1,))
        if not self.changeable():
            status: str | None = "6985"
        elif wrong:
            status = "6982"
        elif old and old not in self.keys:
            status = "6a88"
        else:
            other_kind = bool(old) and kind_of(old) is not kind
            status = "6a80" if other_kind or (new in self.keys and new != old) else None
        answer = host.send(0x80, 0xD8, old, 0x81, bytes((new,)) + fields)
        if self.expect(answer, status):
            if old:
                del self.keys[old], self.failures[old]
            self.keys[new], self.failures[new] = OTHER_KEY, 0

    @manages
    @rule(version=versions)
    def delete_keys(self, version: int) -> None:
        if not self.changeable():
            status: str | None = "6985"
        elif version not in self.keys:
            status = "6a88"
        else:
            status = "6985" if len(self.keys) == 1 else None
        if self.expect(self.opened().send(0x80, 0xE4, 0, 0, bytes((0xD2, 1, version))), status):
            del self.keys[version], self.failures[version]

    @rule(aid=aids)
    def select(self, aid: bytes) -> None:
        status = self.chip.process(command(0, 0xA4, 4, 0, aid))[-2:].hex()
        if self.state == 0xFF:
            assert status == "6985"
            return
        ended = self.host
        self.end_session()
        if ended is not None:
            wrapped = ended.wrap(command(0x80, 0xCA, 0x9F, 0x7F))
            assert self.chip.process(wrapped) == b"\x69\x82"
        if self.state == 0x7F:
            assert status == "6a81"
        elif aid not in self.badges:
            assert status == "6a82"
        else:
            assert status == ("6283" if aid in self.locked else "9000")
        expected = "6283" if self.state == 0x7F else "9000"
        assert self.chip.process(command(0, 0xA4, 4, 0, ISD))[-2:].hex() == expected

    @manages
    @rule()
    def intrude(self) -> None:
        self.opened()
        assert self.chip.process(command(0x80, 0xCA, 0x9F, 0x7F)) == b"\x69\x82"
        assert self.chip.process(command(0x80, 0xCA, 0x9F, 0x7F)) == b"\x69\x82"
        self.end_session()
        self.chip.power_on()

    @rule()
    def cut_power(self) -> None:
        self.chip = Chip.restore(self.chip.serialize())
        self.end_session()

    @invariant()
    def what_is_kept_is_what_the_model_says(self) -> None:
        memory = self.chip.serialize()
        kept = Chip.restore(memory)
        assert kept.serialize() == memory
        answer = kept.process(bytes.fromhex("80CA00E000"))
        named = [(answer[at + 2], answer[at + 3]) for at in range(2, len(answer) - 2, 6)]
        assert named == [(name, version) for name, version in sorted_names(named)]
        assert {version for _, version in named} == self.keys.keys()
        usable = self.usable()
        if self.state == 0xFF or usable is None:
            return
        host = self.session(kept, usable).open(0x01)
        assert host.send(0x80, 0xF2, 0x80, 2, b"\x4f\0")[15] == self.state
        listed = host.send(0x80, 0xF2, 0x40, 2, b"\x4f\0")
        shown = {aid: listed[listed.index(aid) + len(aid) + 3] for aid in AIDS if aid in listed}
        assert shown == {
            aid: state | (0x80 if aid in self.locked else 0) for aid, state in self.badges.items()
        }


def sorted_names(named: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Every version has the identifiers 1, 2 and 3."""
    listed = list(dict.fromkeys(version for _, version in named))
    return [(name, version) for version in listed for name in (1, 2, 3)]


TestCard = Card.TestCase
TestCard.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
