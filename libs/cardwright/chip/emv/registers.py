"""The application's non-volatile counters and flags."""

from __future__ import annotations

__all__ = ["LAST_ATC", "Registers"]

LAST_ATC = 0xFFFF
"""The transaction counter's end; the application is blocked there (EMV 4.4 Book 2, D3)."""


class _Register:
    """One non-negative integer, zero on a new card."""

    def __set_name__(self, _owner: type, name: str) -> None:
        self._name = name

    def __get__(self, registers: Registers, _owner: type) -> int:
        return registers.counters.get(self._name, 0)

    def __set__(self, registers: Registers, value: int) -> None:
        registers.counters[self._name] = value


class Registers:
    """Counters and flags by name; each assignment is written to the card's memory at once.

    Attributes:
        atc: application transaction counter.
        last_online_atc: its value in the last transaction that went online to its end.
        pin_tries: tries left.
        offline: transactions approved offline since then.
        scripts: script commands with secure messaging that succeeded, counted up to 15.
        script_failed: one failed.
        issuer_failed: issuer authentication failed.
        issuer_skipped: the last second GENERATE AC came without issuer authentication.
        online_pending: an ARQC was given and no second GENERATE AC has come.
        authentication_failed: bits 7, 4 and 3 of the last transaction's first TVR octet: SDA, DDA
            and CDA failed.
        go_online: the issuer wants the next transaction online.
        blocked: APPLICATION BLOCK.
        card_blocked: CARD BLOCK.
    """

    atc = _Register()
    last_online_atc = _Register()
    pin_tries = _Register()
    offline = _Register()
    scripts = _Register()
    script_failed = _Register()
    issuer_failed = _Register()
    issuer_skipped = _Register()
    online_pending = _Register()
    authentication_failed = _Register()
    go_online = _Register()
    blocked = _Register()
    card_blocked = _Register()

    def __init__(self, counters: dict[str, int]) -> None:
        self.counters = counters

    @property
    def exhausted(self) -> bool:
        """No further transaction can be counted."""
        return self.atc >= LAST_ATC

    @property
    def invalidated(self) -> bool:
        """By the issuer, or for good because the transaction counter is at its end."""
        return bool(self.blocked) or self.exhausted

    def count_offline(self) -> None:
        """One more transaction approved offline."""
        self.offline = min(self.offline + 1, 0xFF)
