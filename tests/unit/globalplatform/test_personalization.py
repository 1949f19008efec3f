from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cardwright.globalplatform.authentication import InitializeUpdateResponse, SecurityLevel
from cardwright.globalplatform.channel import SecureChannel
from cardwright.globalplatform.commands import (
    CardState,
    install_for_install,
    install_for_personalization,
    set_card_state,
)
from cardwright.globalplatform.errors import DataGroupingError
from cardwright.globalplatform.personalization import (
    Application,
    Deviation,
    Personalization,
    Reason,
    SensitiveGrouping,
    build_script,
    check_responses,
)
from cardwright.globalplatform.put_key import NewKeySet, put_key
from cardwright.globalplatform.store_data import DataGrouping, encode_dgi
from cardwright.secret import SecretBytes
from tests.unit.globalplatform.card_model import OK, Scp02Card, Scp03Card
from tests.unit.globalplatform.channel_kit import KINDS, Kind, begin, opened, session

each_kind = pytest.mark.parametrize("kind", KINDS, ids=str)
kinds = st.sampled_from(KINDS)
PAYMENT, BADGE = bytes.fromhex("A0000000031010"), b"\xf0BADGE01"
KEYS, PIN = bytes(range(48)), bytes.fromhex("241234FFFFFFFFFF")


def made(kind: Kind) -> Personalization:
    payment = Application(
        (
            install_for_install(b"\xf0CWEMV", b"\xf0CWEMV\x01", PAYMENT),
            install_for_personalization(PAYMENT),
        ),
        (
            DataGrouping(encode_dgi(0x0101, bytes(100))),
            DataGrouping(encode_dgi(0x0102, bytes(300))),
            SensitiveGrouping(0x8000, SecretBytes(KEYS)),
            DataGrouping(encode_dgi(0x9000, bytes(9))),
            SensitiveGrouping(0x8010, SecretBytes(PIN)),
        ),
    )
    badge = Application(
        (install_for_personalization(BADGE),), (DataGrouping(encode_dgi(0x0C01, b"42")),)
    )
    selectable = Application((install_for_install(b"\xf0CWDIR", b"\xf0CWDIR\x01", b"1PAY."),), ())
    return Personalization(
        (payment, badge, selectable),
        NewKeySet(kind.key_set(first=3), 0x31, replaces=0x30),
        (set_card_state(CardState.INITIALIZED), set_card_state(CardState.SECURED)),
    )


class Manager:
    """Answers commands in clear as a card manager would: 9000, and PUT KEY with its echo."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.card = kind.card()
        self.card.answer = self.answer
        self.new_keys: tuple[bytes, ...] = ()

    def answer(self, command: bytes) -> bytes:
        if command[1] != 0xD8:
            return OK
        data = command[5 : 5 + command[4]]
        size = (len(data) - 1) // 3
        fields = [data[1 + at * size : 1 + (at + 1) * size] for at in range(3)]
        checks = b"".join(field[-3:] for field in fields)
        blocks = (field[2:-4] for field in fields)
        self.new_keys = tuple(
            self.card.decrypt_sensitive(block[1:] if len(block) % 8 else block)[: self._kind.length]
            for block in blocks
        )
        return data[:1] + checks + OK


def run(kind: Kind) -> tuple[Manager, InitializeUpdateResponse, list[bytes]]:
    manager = Manager(kind)
    answer = begin(kind, manager.card)
    script = build_script(opened(kind, answer), made(kind), kind.profile())
    return manager, answer, [manager.card.process(each) for each in script]


def checked(kind: Kind, answer: InitializeUpdateResponse, responses: list[bytes]) -> object:
    """As a stateless module does: open again, build again, look at the responses."""
    return check_responses(opened(kind, answer), made(kind), kind.profile(), responses)


def seen(card: Scp02Card | Scp03Card, ins: int) -> list[bytes]:
    return [command for command in card.seen if command[1] == ins]


@each_kind
def test_a_card_takes_the_whole_script_and_its_responses_are_good(kind: Kind) -> None:
    manager, answer, responses = run(kind)
    assert checked(kind, answer, responses) is None
    assert [command[2] for command in seen(manager.card, 0xE6)] == [0x0C, 0x20, 0x20, 0x0C]
    assert [command[3] for command in seen(manager.card, 0xF0)] == [0x07, 0x0F]
    assert manager.card.seen[-3][1] == 0xD8
    blocks = seen(manager.card, 0xE2)
    assert [bool(block[2] & 0x80) for block in blocks].count(True) == 2
    secret = b"".join(block[5:] for block in blocks if block[2] & 0x60)
    assert secret[:3] == b"\x80\x00\x30"
    assert manager.card.decrypt_sensitive(secret[3:51]) == KEYS
    assert manager.card.decrypt_sensitive(secret[54:])[:8] == PIN


@each_kind
def test_the_card_answers_to_its_new_keys_afterwards(kind: Kind) -> None:
    manager, _, _ = run(kind)
    keys = kind.key_set(first=3)
    assert manager.new_keys == (keys.enc.reveal(), keys.mac.reveal(), keys.dek.reveal())
    opened(kind, begin(kind, kind.card(keys)), keys=keys)


@each_kind
def test_the_same_card_and_data_make_the_same_script(kind: Kind) -> None:
    answer = begin(kind, kind.card())
    first, second = (build_script(opened(kind, answer), made(kind), kind.profile()) for _ in "12")
    assert first == second


@given(kinds, st.data())
@settings(max_examples=200)
def test_the_first_bad_response_is_told(kind: Kind, data: st.DataObject) -> None:
    _, answer, responses = run(kind)
    at = data.draw(st.integers(0, len(responses) - 1))
    status = data.draw(st.sampled_from([0x6985, 0x6A80, 0x6F00]))
    responses[at] = status.to_bytes(2, "big")
    assert checked(kind, answer, responses) == Deviation(at, Reason.STATUS, status)


@given(kinds, st.data())
def test_a_broken_off_script_is_told(kind: Kind, data: st.DataObject) -> None:
    _, answer, responses = run(kind)
    length = data.draw(st.integers(0, len(responses) - 1))
    assert checked(kind, answer, responses[:length]) == Deviation(length, Reason.MISSING, None)
    assert checked(kind, answer, [*responses, OK]) == Deviation(
        len(responses), Reason.UNASKED, 0x9000
    )


@given(st.sampled_from([kind for kind in KINDS if kind.level & 0x10]), st.data())
def test_a_forged_response_is_told(kind: Kind, data: st.DataObject) -> None:
    _, answer, responses = run(kind)
    at = data.draw(st.integers(1, len(responses) - 1))
    forged = bytearray(responses[at])
    forged[data.draw(st.integers(0, len(forged) - 3))] ^= data.draw(st.integers(1, 255))
    responses[at] = bytes(forged)
    assert checked(kind, answer, responses) == Deviation(at, Reason.MAC, 0x9000)


@given(st.sampled_from([kind for kind in KINDS if kind.level & 0x10]), st.data())
def test_a_success_without_mac_is_told(kind: Kind, data: st.DataObject) -> None:
    _, answer, responses = run(kind)
    at = data.draw(st.integers(1, len(responses) - 1))
    responses[at] = OK
    assert checked(kind, answer, responses) == Deviation(at, Reason.MAC, 0x9000)


@each_kind
def test_other_check_values_are_told(kind: Kind) -> None:
    manager = Manager(kind)
    manager.card.answer = lambda command: (b"\x31" + bytes(9) if command[1] == 0xD8 else b"") + OK
    answer = begin(kind, manager.card)
    script = build_script(opened(kind, answer), made(kind), kind.profile())
    responses = [manager.card.process(each) for each in script]
    at = len(responses) - 3
    assert checked(kind, answer, responses) == Deviation(at, Reason.KEY_CHECK_VALUES, 0x9000)


@each_kind
def test_a_warning_is_no_success(kind: Kind) -> None:
    manager = Manager(kind)
    manager.card.answer = lambda _: b"\x62\x00"
    answer = begin(kind, manager.card)
    script = build_script(opened(kind, answer), made(kind), kind.profile())
    responses = [manager.card.process(each) for each in script]
    assert checked(kind, answer, responses) == Deviation(1, Reason.STATUS, 0x6200)


def test_a_refused_authentication_is_told() -> None:
    kind = KINDS[-1]
    _, answer, responses = run(kind)
    responses[0] = b"\x63\x00"
    assert checked(kind, answer, responses[:1]) == Deviation(0, Reason.STATUS, 0x6300)
    assert checked(kind, answer, [b"\x90"]) == Deviation(0, Reason.MISSING, None)


@each_kind
def test_nothing_but_new_keys(kind: Kind) -> None:
    channel: SecureChannel = session(kind, kind.card())
    new = NewKeySet(kind.key_set(first=1), 1)
    answer = begin(kind, kind.card())
    script = build_script(opened(kind, answer), Personalization((), new), kind.profile())
    assert len(script) == 2
    again = opened(kind, answer)
    again.external_authenticate()
    assert script[1] == again.wrap(put_key(new, again))
    assert channel.level is SecurityLevel(kind.level)


def test_data_that_no_card_can_take_are_refused() -> None:
    kind = KINDS[0]
    huge = Application((), (DataGrouping(bytes(64_000)),))
    with pytest.raises(DataGroupingError):
        build_script(
            opened(kind, begin(kind, kind.card())), Personalization((huge,)), kind.profile()
        )


def test_a_personalization_does_not_print_its_data() -> None:
    shown = repr(made(KINDS[0]))
    assert repr(KEYS)[2:10] not in shown
    assert "SecretBytes" in shown
