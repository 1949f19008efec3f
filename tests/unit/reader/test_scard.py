"""The codes are those of pcsc-lite's pcsclite.h and PC/SC part 5."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from cardwright.reader import ReaderError, connect, readers, watch
from cardwright.reader.scard import checked, reader_error

CODES = {
    "SCARD_S_SUCCESS": 0,
    "SCARD_E_NO_SMARTCARD": 0x8010000C,
    "SCARD_E_NO_SERVICE": 0x8010001D,
    "SCARD_E_NO_READERS_AVAILABLE": 0x8010002E,
    "SCARD_E_SHARING_VIOLATION": 0x8010000B,
    "SCARD_E_UNKNOWN_READER": 0x80100009,
    "SCARD_W_REMOVED_CARD": 0x80100069,
    "SCARD_W_UNRESPONSIVE_CARD": 0x80100066,
}


@pytest.fixture
def bindings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand-in for pyscard's constants, on machines with and without it."""
    scard = ModuleType("smartcard.scard")
    vars(scard).update(CODES)
    monkeypatch.setitem(sys.modules, "smartcard", ModuleType("smartcard"))
    monkeypatch.setitem(sys.modules, "smartcard.scard", scard)


@pytest.mark.parametrize("use", [readers, watch, lambda: connect("any")])
def test_without_the_library_every_use_says_so(
    use: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "smartcard.scard", None)
    assert callable(use)
    with pytest.raises(ReaderError, match=r"make \.venv/readers") as error:
        use()
    assert error.value.code == "READER_LIBRARY"


@pytest.mark.usefixtures("bindings")
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("SCARD_E_NO_SMARTCARD", "CARD_REMOVED"),
        ("SCARD_W_REMOVED_CARD", "CARD_REMOVED"),
        ("SCARD_W_UNRESPONSIVE_CARD", "CARD_MUTE"),
        ("SCARD_E_UNKNOWN_READER", "READER_LOST"),
        ("SCARD_E_SHARING_VIOLATION", "READER_BUSY"),
        ("SCARD_E_NO_SERVICE", "READER_SERVICE"),
    ],
)
@pytest.mark.parametrize("signed", [False, True])
def test_result_codes_become_ours_whatever_their_sign(name: str, code: str, signed: bool) -> None:
    assert reader_error(CODES[name] - (signed << 32)).code == code


@pytest.mark.usefixtures("bindings")
def test_an_unknown_result_is_told_in_hex() -> None:
    error = reader_error(0x80100001)
    assert error.code == "READER_FAULT"
    assert "80100001" in str(error)


@pytest.mark.usefixtures("bindings")
def test_a_call_gives_what_stands_behind_its_result() -> None:
    assert checked(0) == ()
    assert checked([0, 7]) == 7
    assert checked([0, 7, 8]) == (7, 8)
    none = CODES["SCARD_E_NO_READERS_AVAILABLE"]
    assert checked([none, []], none) == []
    with pytest.raises(ReaderError):
        checked([none, []])
