"""The search itself: it finds a value in every notation, wherever it lies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.secret_search import Secret, SecretSearch, notations

ACCOUNT = Secret("account", b"9999991234567894")
KEY = Secret("key", bytes.fromhex("00107ff3c4a9d85be6021a9cdd41f7b2"))
SURROUNDINGS: dict[str, Callable[[bytes], bytes]] = {
    "alone": lambda found: found,
    "before more": lambda found: found + b"x" * 5,
    "across chunks": lambda found: bytes((1 << 20) - 9) + found,
    "far behind": lambda found: bytes(2_100_000) + found,
}


def test_what_is_too_short_is_not_thought_to_be_searched() -> None:
    with pytest.raises(ValueError, match="too short"):
        SecretSearch([Secret("a CVV", b"123")])


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
@pytest.mark.parametrize("shift", range(5))
def test_every_notation_is_found_at_any_place(shift: int, surroundings: str) -> None:
    search = SecretSearch([ACCOUNT, KEY])
    for secret in (ACCOUNT, KEY):
        for notation, pattern in notations(secret.value).items():
            data = SURROUNDINGS[surroundings](b"y" * shift + pattern)
            assert (secret.name, notation) in {(h.name, h.notation) for h in search.find("", data)}


def test_what_is_not_there_is_not_found() -> None:
    search = SecretSearch([ACCOUNT, KEY])
    truncated = b"999999******7894 and BIN 999999, 1234567894, %x" % 0x107FF3C4
    assert list(search.find("", truncated * 1000)) == []
