"""The key data field of PUT KEY (GlobalPlatform 2.3.1, 11.8.2.3; Amendment D, 7.2)."""

from __future__ import annotations

from collections.abc import Iterator
from hmac import compare_digest

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.keys import Key, KeyType
from cardwright.chip.session import Session

__all__ = ["read_keys"]

_MORE, _MULTIPLE = 0x80, 0x80


def read_keys(command: Command, session: Session) -> tuple[int, dict[int, Key]]:
    """The new version, and identifier to key, decrypted and checked against its check value.

    6A86 for a chain of commands, which this card does not take; 6A80 for another format than the
    basic one, an algorithm or length that it does not know, and a missing check value; 6982 for
    a wrong check value.
    """
    multiple, identifier = command.p2 & _MULTIPLE, command.p2 & 0x7F
    if command.p1 & _MORE:
        raise Refusal(Status.WRONG_P1_P2)
    if not command.data or not 1 <= command.data[0] <= 0x7F:
        raise Refusal(Status.WRONG_DATA)
    keys = list(_read_fields(command.data[1:], session))
    if not keys or (len(keys) > 1 and not multiple) or identifier + len(keys) > 0x80:
        raise Refusal(Status.WRONG_DATA)
    return command.data[0], dict(enumerate(keys, identifier))


def _read_fields(data: bytes, session: Session) -> Iterator[Key]:
    """Each: type, length, key component block, length of the check value, check value."""
    at = 0
    while at < len(data):
        kind = data[at]
        block, at = _read_block(data, at + 1)
        check_value, at = _read_lv(data, at)
        yield _key(kind, _plain(block, session), check_value)


def _read_block(data: bytes, at: int) -> tuple[bytes, int]:
    """A value behind a BER length, which may also be 80 for 128 (11.8.2.3.1)."""
    if data[at : at + 1] == b"\x81":
        at += 1
    return _read_lv(data, at)


def _read_lv(data: bytes, at: int) -> tuple[bytes, int]:
    end = at + 1 + data[at] if at < len(data) else len(data) + 1
    if end > len(data):
        raise Refusal(Status.WRONG_DATA)
    return data[at + 1 : end], end


def _plain(block: bytes, session: Session) -> bytes:
    """A block that is no whole cipher blocks begins with the length of the clear key (11.8.2.3.3).

    Such a key was padded before its encryption, if need be.
    """
    if len(block) % session.block == 0:
        return session.decrypt_sensitive(block)
    size, encrypted = block[0], block[1:]
    if not len(encrypted) - session.block < size <= len(encrypted):
        raise Refusal(Status.WRONG_DATA)
    return session.decrypt_sensitive(encrypted)[:size]


def _key(kind: int, value: bytes, check_value: bytes) -> Key:
    try:
        key = Key(KeyType(kind), value)
    except ValueError:
        raise Refusal(Status.WRONG_DATA) from None
    if not check_value:
        raise Refusal(Status.WRONG_DATA)
    if not compare_digest(check_value, key.check_value):
        raise Refusal(Status.SECURITY_NOT_SATISFIED)
    return key
