"""PC/SC's result codes as our errors; pyscard is loaded here, at first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

from cardwright.reader.port import ReaderError

__all__ = ["checked", "library", "reader_error"]

_ERRORS: Final = {
    "CARD_REMOVED": ("SCARD_W_REMOVED_CARD", "SCARD_E_NO_SMARTCARD"),
    "CARD_MUTE": (
        "SCARD_W_UNRESPONSIVE_CARD",
        "SCARD_W_UNPOWERED_CARD",
        "SCARD_W_UNSUPPORTED_CARD",
        "SCARD_E_NOT_TRANSACTED",
        "SCARD_E_PROTO_MISMATCH",
    ),
    "READER_LOST": ("SCARD_E_UNKNOWN_READER", "SCARD_E_READER_UNAVAILABLE"),
    "READER_BUSY": ("SCARD_E_SHARING_VIOLATION",),
    "READER_SERVICE": (
        "SCARD_E_NO_SERVICE",
        "SCARD_E_SERVICE_STOPPED",
        "SCARD_E_INVALID_HANDLE",  # what a restarted service says of handles of the one before
        "SCARD_F_COMM_ERROR",
    ),
}
_ADVICE: Final = {
    "CARD_REMOVED": "there is no card in the reader: put it in and connect",
    "CARD_MUTE": "the card does not answer: reset it, or take another",
    "READER_LOST": "there is no such reader: plug it in, or list the readers",
    "READER_BUSY": "another program holds the card: end that one first",
    "READER_SERVICE": "the PC/SC service does not answer: start pcscd",
}


def library() -> Any:
    """Return pyscard's plain bindings.

    Raises:
        ReaderError: READER_LIBRARY.
    """
    try:
        return import_module("smartcard.scard")
    except ImportError as error:
        raise ReaderError(
            "READER_LIBRARY", "pyscard is not installed: make .venv/readers"
        ) from error


def checked(answer: Any, *also: int) -> Any:
    """Return what a call gave beside its result code: none, one value, or a tuple.

    Args:
        answer: pyscard's, a code or a list that begins with one.
        also: result codes to accept beside success; then the values may be missing.

    Raises:
        ReaderError: the result is another one.
    """
    result, *values = answer if isinstance(answer, list | tuple) else (answer,)
    if result not in (library().SCARD_S_SUCCESS, *also):
        raise reader_error(result)
    return values[0] if len(values) == 1 else tuple(values)


def reader_error(result: int) -> ReaderError:
    """Translate a PC/SC result code, in any of the two signs that libraries give it."""
    scard = library()
    for code, names in _ERRORS.items():
        known = (getattr(scard, name, None) for name in names)
        if result & 0xFFFFFFFF in [each & 0xFFFFFFFF for each in known if each is not None]:
            return ReaderError(code, _ADVICE[code])
    return ReaderError(
        "READER_FAULT", f"the PC/SC service says {result & 0xFFFFFFFF:08X}: see its log"
    )
