"""A token library that can be unplugged: it stands between the binding and the vendor's library.

It shares no code with the driver: it knows the names of PKCS#11's functions and the numbers that
they return, and nothing of sessions, keys or what the driver makes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

__all__ = ["LOSSES", "Plug", "plugged"]

LOSSES: Final = {
    "CKR_GENERAL_ERROR": 0x005,
    "CKR_DEVICE_ERROR": 0x030,
    "CKR_DEVICE_REMOVED": 0x032,
    "CKR_SESSION_CLOSED": 0x0B0,
    "CKR_SESSION_HANDLE_INVALID": 0x0B3,
    "CKR_TOKEN_NOT_PRESENT": 0x0E0,
    "CKR_USER_NOT_LOGGED_IN": 0x101,
    "CKR_CRYPTOKI_NOT_INITIALIZED": 0x190,
}

_MECHANISM_INVALID: Final = 0x070


class Plug:
    """Passes calls on; those that it was told to fail return a number instead.

    Attributes:
        calls: functions that were called, in order.
    """

    def __init__(self, real: Any) -> None:
        self._real = real
        self._returns = 0
        self._left: int | None = 0  # calls that still fail; None for all
        self._only = ""
        self._after = False
        self._hidden: frozenset[int] = frozenset()
        self._spoiled = ""
        self.calls: list[str] = []

    def pull(
        self, returns: int, *, calls: int | None = None, only: str = "", after: bool = False
    ) -> None:
        """Have calls fail.

        Args:
            returns: what they return.
            calls: how many; None until `push`.
            only: the one function that fails; all of them if empty.
            after: whether the work is done, and only its answer is lost.
        """
        self._returns, self._left, self._only, self._after = returns, calls, only, after

    def hide(self, *mechanisms: int) -> None:
        """Be a library without these mechanisms: not listed, and refused."""
        self._hidden = frozenset(mechanisms)

    def spoil(self, function: str) -> None:
        """Have a function that gives octets give wrong ones."""
        self._spoiled = function

    def push(self) -> None:
        """Have all calls pass again."""
        self._left = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._real, name)
        if not name.startswith("C_"):
            return real
        return self._wrapped(name, real)

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            self.calls.append(name)
            if self._left == 0 or (self._only and name != self._only):
                return self._weakened(name, real, arguments)
            if self._left is not None:
                self._left -= 1
            if self._after:
                real(*arguments)
            return self._returns

        return call

    def _weakened(self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
        mechanism = getattr(arguments[1], "mechanism", None) if name.endswith("Init") else None
        if mechanism in self._hidden:
            return _MECHANISM_INVALID
        returned = real(*arguments)
        if name == "C_GetMechanismList":
            listed = arguments[1]
            kept = [each for each in listed if each not in self._hidden]
            listed.clear()
            for each in kept:
                listed.append(each)
        if name == self._spoiled and len(arguments[-1]):
            arguments[-1][0] ^= 1
        return returned


@contextmanager
def plugged(binding_library: Any) -> Iterator[Plug]:
    """Stand in front of the library of a `PyKCS11Lib` for a while."""
    real = binding_library.lib
    binding_library.lib = plug = Plug(real)
    try:
        yield plug
    finally:
        binding_library.lib = real
