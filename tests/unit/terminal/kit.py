"""A terminal, a transaction and issuers for the terminal's tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cardwright.issuerhost.messages import (
    AuthorizationRequest,
    AuthorizationResponse,
    HostUnavailableError,
)
from cardwright.secret import SecretText
from cardwright.terminal import (
    Capability,
    Card,
    Profile,
    TerminalAid,
    Transaction,
    TransactionRequest,
    run,
)
from tests.unit.terminal.card_kit import AID
from tests.unit.terminal.rsa_kit import Chain

EVERYTHING = Capability(0xE0F8C8)

PROFILE = Profile(
    type=0x22,
    capabilities=EVERYTHING,
    country="372",
    currency="978",
    aids=(TerminalAid(AID),),
    tac_denial=bytes(5),
    tac_online=bytes(5),
    tac_default=bytes(5),
    floor_limit=50_00,
)
REQUEST = TransactionRequest(amount=12_34, at=dt.datetime(2026, 11, 23, 12, 34, 56, tzinfo=dt.UTC))
UNPREDICTABLE = bytes.fromhex("8B55633B")


def counting(size: int) -> bytes:
    """Not random at all."""
    return UNPREDICTABLE[:size] if size == 4 else bytes(size)


class NoHost:
    """An issuer that nobody reaches."""

    def authorize(self, _request: AuthorizationRequest) -> AuthorizationResponse:
        raise HostUnavailableError


class Host:
    """An issuer that answers what it is told to, and remembers what it was asked."""

    def __init__(self, answer: AuthorizationResponse) -> None:
        self.answer = answer
        self.asked: list[AuthorizationRequest] = []

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        self.asked.append(request)
        return self.answer


def profile(chain: Chain | None = None, **changes: Any) -> Profile:
    """The terminal, with the authority's key, changed."""
    keys = (chain.ca_public,) if chain else ()
    return replace(PROFILE, **{"ca_keys": keys, **changes})


def request(*pins: str, **changes: Any) -> TransactionRequest:
    """The transaction, with PINs that the cardholder keys in, changed."""
    return replace(REQUEST, pins=tuple(SecretText(pin) for pin in pins), **changes)


def pay(
    card: Card,
    terminal: Profile = PROFILE,
    wanted: TransactionRequest = REQUEST,
    host: Any = None,
    random: Callable[[int], bytes] = counting,
) -> Transaction:
    """A transaction."""
    return run(card, terminal, wanted, host or NoHost(), random=random)
