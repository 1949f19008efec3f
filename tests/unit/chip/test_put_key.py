from __future__ import annotations

import pytest

from cardwright.chip import Chip, KeyType, Profile, manufacture
from tests.unit.chip.host import (
    AES_SET,
    KEY,
    OK,
    OTHER_KEY,
    SERIAL,
    TDES_SET,
    Host,
    Scp02Host,
    Scp03Host,
    Scp03S16Host,
    kcv,
)

NEW = (OTHER_KEY, KEY, bytes(range(16)))
LONG = tuple(bytes(range(at, at + 32)) for at in range(3))
MIDDLE = tuple(bytes(range(at, at + 24)) for at in range(3))


def chip() -> Chip:
    return manufacture(SERIAL, [AES_SET, TDES_SET])


def key_information(host: Host) -> str:
    return host.send(0x80, 0xCA, 0x00, 0xE0).hex()


@pytest.mark.parametrize("keys", [NEW, MIDDLE, LONG], ids=["128", "192", "256"])
def test_aes_keys_are_added_and_open_a_session(keys: tuple[bytes, ...]) -> None:
    card = chip()
    host = Scp03Host(card).open(0x33)
    answer = host.put_key(0, 0x31, KeyType.AES, *keys)
    assert answer == b"\x31" + b"".join(kcv(KeyType.AES, each) for each in keys) + OK
    again = Chip.restore(card.serialize())
    assert Scp03Host(again, 0x31, keys).open(0x13).answer[-5:-2] == b"\0\0\1"
    assert Scp03Host(again, 0).answer[10] == 0x30


def test_tdes_keys_are_added_and_open_a_session() -> None:
    card = chip()
    answer = Scp02Host(card, 0x20).open(0x03).put_key(0, 0x21, KeyType.TDES, *NEW)
    assert answer == b"\x21" + b"".join(kcv(KeyType.TDES, each) for each in NEW) + OK
    assert Scp02Host(Chip.restore(card.serialize()), 0x21, NEW).open(0x01).sequence == b"\0\0"


def test_keys_move_between_the_protocols() -> None:
    """Amendment D, 1.1.1 lets SCP02 load AES keys, to migrate; the other way is possible too."""
    card = chip()
    assert Scp02Host(card, 0x20).open(0x01).put_key(0, 0x31, KeyType.AES, *LONG)[-2:] == OK
    assert Scp03Host(card, 0x31, LONG).open(0x33).put_key(0, 0x21, KeyType.TDES, *NEW)[-2:] == OK
    Scp02Host(card, 0x21, NEW).open(0x03)


@pytest.mark.parametrize("length", ["10", "8110"], ids=["short", "long"])
def test_a_length_may_be_written_in_either_form(length: str) -> None:
    host = Scp02Host(chip(), 0x20).open(0x01)
    block = "80" + length + host.encrypt(KEY).hex() + "03" + kcv(KeyType.TDES, KEY).hex()
    data = bytes.fromhex("21" + block)
    assert host.send(0x80, 0xD8, 0, 0x01, data) == b"\x21" + kcv(KeyType.TDES, KEY) + OK


def test_a_session_in_s16_mode_loads_keys_too() -> None:
    card = manufacture(SERIAL, [AES_SET], profile=Profile("s16", scp03_i=0x71))
    assert Scp03S16Host(card).open(0x33).put_key(0, 0x31, KeyType.AES, *NEW)[-2:] == OK
    Scp03S16Host(card, 0x31, NEW).open(0x33)


def test_replaced_keys_are_gone_and_the_session_goes_on() -> None:
    card = chip()
    host = Scp03Host(card).open(0x03)
    assert host.put_key(0x30, 0x3F, KeyType.AES, *NEW)[-2:] == OK
    assert host.put_key(0, 0x31, KeyType.AES, *NEW)[-2:] == OK  # under the session's own DEK
    assert key_information(host).startswith("e0" + "36" + "c0" + "04" + "013f8810")
    assert Scp03Host(card, 0x30).answer == b"\x6a\x88"
    assert Scp03Host(card, 0, NEW).open(0x03).answer[10] == 0x3F


def test_one_key_of_a_set_is_replaced() -> None:
    card = chip()
    host = Scp03Host(card).open(0x03)
    answer = host.put_key(0x30, 0x30, KeyType.AES, OTHER_KEY, first=2)
    assert answer == b"\x30" + kcv(KeyType.AES, OTHER_KEY) + OK
    Scp03Host(card, 0x30, (KEY, OTHER_KEY, KEY)).open(0x03)


def test_replacing_a_whole_set_restarts_its_counter() -> None:
    card = chip()
    for _ in range(3):
        host = Scp03Host(card).open(0x03)
    assert host.put_key(0x30, 0x30, KeyType.AES, *NEW)[-2:] == OK
    assert Scp03Host(card, 0x30, NEW).open(0x03).answer[-5:-2] == b"\0\0\1"


@pytest.mark.parametrize(
    ("old", "p2", "data", "status"),
    [
        (0x80, 0x81, "31", "6a86"),
        (0x00, 0x81, "", "6a80"),
        (0x00, 0x81, "31", "6a80"),
        (0x00, 0x81, "00{aes}{aes}{aes}", "6a80"),
        (0x00, 0x81, "80{aes}{aes}{aes}", "6a80"),
        (0x00, 0x01, "31{aes}{aes}{aes}", "6a80"),
        (0x00, 0xFE, "31{aes}{aes}{aes}", "6a80"),
        (0x00, 0x81, "31{aes}{aes}{wrong}", "6982"),
        (0x00, 0x81, "31{aes}{aes}{unchecked}", "6a80"),
        (0x00, 0x81, "31{aes}{aes}{cut}", "6a80"),
        (0x00, 0x81, "31{aes}{aes}{hmac}", "6a80"),
        (0x00, 0x81, "31{aes}{aes}{long}", "6a80"),
        (0x00, 0x81, "31{aes}{aes}FF88{aes}", "6a80"),
        (0x00, 0x81, "30{aes}{aes}{aes}", "6a80"),
        (0x32, 0x81, "33{aes}{aes}{aes}", "6a88"),
        (0x30, 0x84, "30{aes}{aes}{aes}", "6a88"),
        (0x20, 0x81, "20{aes}{aes}{aes}", "6a80"),
    ],
    ids=[
        "chained", "empty", "no-key", "version-00", "version-80", "not-multiple", "beyond-7f",
        "check-value", "no-check-value", "cut", "algorithm", "claimed-length", "extended-format",
        "there-already", "no-such-version", "no-such-identifier", "other-algorithm",
    ],
)  # fmt: skip
def test_what_is_refused_loads_no_key(old: int, p2: int, data: str, status: str) -> None:
    card = chip()
    host = Scp03Host(card).open(0x03)
    aes = host.key_field(KeyType.AES, KEY)
    fields = {
        "aes": aes,
        "wrong": aes[:-1] + bytes((aes[-1] ^ 1,)),
        "unchecked": aes[:-4] + b"\0",
        "cut": aes[:-1],
        "hmac": b"\x90" + aes[1:],
        "long": aes[:2] + b"\x18" + aes[3:],
    }
    before = key_information(host)
    built = bytes.fromhex(data.format(**{name: each.hex() for name, each in fields.items()}))
    assert host.send(0x80, 0xD8, old, p2, built).hex() == status
    assert key_information(host) == before


def test_keys_are_loaded_only_in_a_session_and_only_for_known_protocols() -> None:
    card = manufacture(SERIAL, [AES_SET], profile=Profile("aes", scp02_i=None))
    assert card.process(bytes.fromhex("80D8008101310000")) == b"\x67\x00"
    assert card.process(bytes.fromhex("80D800810131")) == b"\x69\x82"
    host = Scp03Host(card).open(0x03)
    assert host.put_key(0, 0x21, KeyType.TDES, *NEW) == b"\x6a\x80"


def test_key_sets_are_as_many_as_the_profile_says() -> None:
    card = manufacture(SERIAL, [AES_SET], profile=Profile("two", key_sets=2))
    host = Scp03Host(card).open(0x03)
    assert host.put_key(0, 0x31, KeyType.AES, *NEW)[-2:] == OK
    assert host.put_key(0, 0x32, KeyType.AES, *NEW) == b"\x6a\x84"
    assert host.send(0x80, 0xE4, 0, 0, b"\xd2\x01\x31") == b"\0" + OK
    assert host.put_key(0, 0x32, KeyType.AES, *NEW)[-2:] == OK


def test_the_set_of_the_session_can_be_deleted_but_not_the_last_one() -> None:
    card = chip()
    host = Scp03Host(card).open(0x03)
    assert host.send(0x80, 0xE4, 0, 0, b"\xd2\x01\x30") == b"\0" + OK
    assert host.send(0x80, 0xE4, 0, 0, b"\xd0\x01\x01\xd2\x01\x20") == b"\x69\x85"
    assert host.send(0x80, 0xE4, 0, 0, b"\xd2\x01\x30") == b"\x6a\x88"
    assert Scp02Host(card, 0).open(0x01).answer[10] == 0x20
