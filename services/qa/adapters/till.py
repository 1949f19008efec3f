"""A test card pays: our terminal, with the inspector's chip slot as its reader.

The terminal is synchronous, as terminals are: it runs in a thread, and what it says to machine
and the issuer is done by the event loop meanwhile. Whatever goes wrong on the way to either comes
out of ``pay`` as it was raised; what the card does wrong is an outcome.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from cardwright.driver import DeviceConnection, DeviceRefusedError
from cardwright.driver.apdus import pack_apdus, unpack_apdus
from cardwright.hsm.port import Authorization, AuthorizationItem, HsmError
from cardwright.issuerhost.messages import AuthorizationRequest, AuthorizationResponse, IssuerHost
from cardwright.terminal import (
    CaPublicKey,
    Card,
    Profile,
    Transaction,
    TransactionRequest,
    read_contactless,
    run,
)
from services.qa.domain import Expected, Readings
from services.qa.domain.first_article import (
    contactless_defects,
    issuer_script,
    outcome_code,
    purchase,
    terminal_profile,
    transaction_defects,
)
from services.qa.domain.reading import read_counter, select_and_count

__all__ = ["Authorizer", "IssuerRefusedError", "Paid", "Till"]

T = TypeVar("T")

# What the issuer makes the cryptogram over, and the cryptogram itself.
_AUTHORIZED = (
    *(0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37),
    *(0x82, 0x9F36, 0x9F10, 0x9F26),
)
_APPROVED, _DECLINED = "00", "05"
_WRONG = "CRYPTOGRAM_WRONG"


class Authorizer(Protocol):
    """The security module, as far as a till needs it."""

    async def authorize(self, items: Sequence[AuthorizationItem]) -> list[Authorization | HsmError]:
        """Verify each cryptogram as the issuer would, and answer it."""


class IssuerRefusedError(Exception):
    """The security module can't stand for this card's issuer: no fault of the card.

    Attributes:
        code: the module's code, such as KEY_UNKNOWN.
    """

    def __init__(self, code: str) -> None:
        super().__init__("the security module can't answer for the issuer: see to its keys")
        self.code = code


@dataclass(frozen=True, slots=True)
class Paid:
    """What became of a test card's transaction.

    Attributes:
        transaction: how it ended, by code.
        defects: why it shows the card to be bad.
        atc: the transaction counter after it.
    """

    transaction: str
    defects: tuple[str, ...]
    atc: int


class Till:
    """Lets test cards pay.

    Args:
        module: answers as their issuers.
        ca_keys: the payment systems' keys.
        now: the clock.
    """

    def __init__(
        self,
        module: Authorizer,
        ca_keys: Collection[CaPublicKey],
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._module, self._ca_keys, self._now = module, tuple(ca_keys), now

    async def pay(
        self, link: DeviceConnection, card: str, expected: Expected, readings: Readings
    ) -> Paid:
        """Run a whole transaction with a test card in the inspector, and try its antenna.

        Args:
            link: the inspector's.
            card: the piece.
            expected: what it should be.
            readings: what it let be read before; with a transaction counter.

        Raises:
            IssuerRefusedError: the issuer's keys can't be used.
            HsmError: the security module is away, or denies.
            DeviceLostError: the machine is away.
            DeviceRefusedError: it refuses.
        """
        profile = terminal_profile(expected, readings, self._ca_keys)
        request = purchase(self._now())
        before = readings.payment.atc if readings.payment and readings.payment.atc else 0
        transaction = await self._transact(link, card, expected, readings, profile, request)
        defects = transaction_defects(expected, transaction, before)
        if expected.contactless:
            defects += await self._tap(link, card, profile, request)
        atc = await _counter(link, card, expected)
        return Paid(outcome_code(transaction), defects, atc)

    async def _transact(
        self,
        link: DeviceConnection,
        card: str,
        expected: Expected,
        readings: Readings,
        profile: Profile,
        request: TransactionRequest,
    ) -> Transaction:
        await link.ask("TRANSACT", card=card)
        host = _Issuer(
            self._module, card, expected, issuer_script(readings), asyncio.get_running_loop()
        )
        return await asyncio.to_thread(run, _slot(link, card), profile, request, host)

    async def _tap(
        self, link: DeviceConnection, card: str, profile: Profile, request: TransactionRequest
    ) -> tuple[str, ...]:
        try:
            await link.ask("TRANSACT", card=card, contactless=True)
        except DeviceRefusedError as refused:
            if refused.code == "CHIP_MUTE":
                return ("DEFECT_CONTACTLESS_MUTE",)
            raise
        reading = await asyncio.to_thread(read_contactless, _slot(link, card), profile, request)
        return contactless_defects(reading)


async def _counter(link: DeviceConnection, card: str, expected: Expected) -> int:
    """Read the transaction counter that the card leaves with."""
    await link.ask("POWER", card=card)
    commands = select_and_count(next(expected.payments))
    reply = await link.ask("APDUS", pack_apdus(commands), card=card)
    return read_counter(unpack_apdus(reply.body)) or 0


def _slot(link: DeviceConnection, card: str) -> Card:
    return _Slot(link, card, asyncio.get_running_loop())


def _wait_for(work: Coroutine[Any, Any, T], loop: asyncio.AbstractEventLoop) -> T:
    """Have the event loop do something while this thread waits."""
    return asyncio.run_coroutine_threadsafe(work, loop).result()


class _Slot:
    """The chip in the inspector, as a terminal's reader has it."""

    def __init__(self, link: DeviceConnection, card: str, loop: asyncio.AbstractEventLoop) -> None:
        self._link, self._card, self._loop = link, card, loop

    def transmit(self, command: bytes) -> bytes:
        # APDUS rather than APDU: the machine resolves 61xx and 6Cxx there.
        asked = self._link.ask("APDUS", pack_apdus([command]), card=self._card)
        answers = unpack_apdus(_wait_for(asked, self._loop).body)
        return answers[0] if answers else b""


class _Issuer(IssuerHost):
    """The issuer as the security module stands for it."""

    def __init__(
        self,
        module: Authorizer,
        card: str,
        expected: Expected,
        script: tuple[bytes, ...],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._module, self._card, self._expected = module, card, expected
        self._script, self._loop = script, loop

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Approve what has a genuine cryptogram, and send the script."""
        chip, expected = request.chip, self._expected
        item = AuthorizationItem(
            card_id=self._card,
            imk_ac=expected.imk_ac,
            imk_smi=expected.imk_smi if self._script else "",
            derivation=expected.derivation,
            pan=chip.pan,
            sequence_number=chip.psn,
            objects={tag: chip.objects[tag] for tag in _AUTHORIZED if tag in chip.objects},
            response_code=_APPROVED,
            script=self._script if expected.imk_smi else (),
        )
        [answer] = _wait_for(self._module.authorize([item]), self._loop)
        if isinstance(answer, Authorization):
            return AuthorizationResponse(_APPROVED, answer.authentication_data, answer.scripts)
        if answer.code != _WRONG:
            raise IssuerRefusedError(answer.code)
        return AuthorizationResponse(_DECLINED, finding=answer.code)
