"""chip pay: a person takes a test card to our terminal, and sees what the two say to each other."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import IntFlag
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cardwright.cli.context import AsJson, State, console, query_of, running, show, table
from cardwright.hsm.authorization import Authorization, AuthorizationItem
from cardwright.hsm.client import GrpcSecurityModule
from cardwright.hsm.port import HsmError
from cardwright.issuer.registration import load_registration
from cardwright.issuerhost.messages import (
    AuthorizationRequest,
    AuthorizationResponse,
    HostUnavailableError,
)
from cardwright.line.layout import Layout, repository
from cardwright.secret import SecretText
from cardwright.terminal import (
    CaPublicKey,
    Outcome,
    TerminalAid,
    Transaction,
    TransactionRequest,
    acceptance_terminal,
    load_ca_keys,
    run,
)

if TYPE_CHECKING:
    from cardwright.cli.made import MadeCard

__all__ = ["NotATestCardError", "describe", "pay"]

_AUTHORIZED = (
    *(0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37),
    *(0x82, 0x9F36, 0x9F10, 0x9F26),
)
_AES_FORMAT = b"\x0f\xa6"  # a cryptogram by AES (EMV Book 3, CCD C9)


class NotATestCardError(Exception):
    """A customer's card does not pay here: its transaction counter would move."""

    code = "NOT_A_TEST_CARD"


def pay(
    card_id: Annotated[str, typer.Argument(help="card id of a TEST card in the output tray")],
    state: State,
    amount: Annotated[str, typer.Option(help="what it costs, e.g. 12.50")] = "12.50",
    aid: Annotated[
        list[str] | None,
        typer.Option(help="an application that the terminal accepts, in hex; may be repeated"),
    ] = None,
    *,
    pin: Annotated[bool, typer.Option("--pin", help="ask for the PIN; it is not shown")] = False,
    as_json: AsJson = False,
) -> None:
    """Pay with a finished TEST card at our own terminal; customers' cards are refused.

    The security module answers as the card's issuer while the line runs; else the terminal can't go
    on line, and says so. Without --aid it accepts what the known payment systems issue.
    """
    request = _request(amount, pin=pin)
    layout = Layout(state)
    keys = _ca_keys(layout.keys / "capk.json")
    terminal = acceptance_terminal(_accepted(aid or [], keys), keys, pin_pad=pin)
    from cardwright.cli.made import take  # noqa: PLC0415 - the chip is slow to load

    with take(layout.floor, card_id) as card:
        if not card.test:
            raise NotATestCardError("this is a customer's card: only test cards pay here")
        issuer = _Issuer(state, card.card_id)
        done = run(_Reader(card), terminal, request, issuer)
    told = {"card": card.card_id, **describe(done), "issuer": issuer.answered}
    if as_json:
        show(told, as_json=True)
    else:
        _print(told)
    if done.outcome is not Outcome.APPROVED:
        raise typer.Exit(1)


def describe(done: Transaction) -> dict[str, Any]:
    """Return a transaction as people read it: flags by name; no account number, no name."""
    cryptograms = [done.first] if done.first is done.final else [done.first, done.final]
    return {
        "outcome": done.outcome.value,
        "code": done.code,
        "application": done.aid.hex().upper(),
        "selected_by": done.selected_by,
        "commands": [str(each) for each in done.log],
        "offline_authentication": {"method": done.oda.method.value, "result": done.oda.code},
        "cardholder_verification": done.cvm.encode().hex().upper(),
        "tvr": _flags(done.tvr, done.tvr.encode()),
        "tsi": _flags(done.tsi, done.tsi.encode()),
        "cryptograms": [
            {"kind": each.kind, "value": each.value(0x9F26).hex().upper()}
            for each in cryptograms
            if each is not None
        ],
        "atc": done.atc,
        "response_code": done.response_code,
        "script_results": [each.hex().upper() for each in done.script_results],
        "findings": list(done.findings),
    }


def _flags(flags: IntFlag, octets: bytes) -> dict[str, Any]:
    names = [str(bit.name).lower() for bit in type(flags) if bit in flags]
    return {"octets": octets.hex().upper(), "bits": names}


def _print(told: dict[str, Any]) -> None:
    steps = [(number, *line.split(": ")) for number, line in enumerate(told["commands"], 1)]
    console.print(table(f"Card {told['card']}", ("#", "command", "answer"), steps))
    authentication = told["offline_authentication"]
    rows = [
        ("application", f"{told['application']} by {told['selected_by']}"),
        ("offline authentication", f"{authentication['method']}: {authentication['result']}"),
        ("cardholder verification", told["cardholder_verification"]),
        *((name.upper(), _line(told[name])) for name in ("tvr", "tsi")),
        *((each["kind"], each["value"]) for each in told["cryptograms"]),
        ("transaction counter", told["atc"]),
        ("issuer", told["issuer"]),
        ("response code", told["response_code"]),
        ("script results", " ".join(told["script_results"])),
        ("findings", " ".join(told["findings"])),
        ("outcome", f"{told['outcome']}: {told['code']}"),
    ]
    console.print(table("Transaction", ("", ""), rows))


def _line(flags: dict[str, Any]) -> str:
    return "\n".join([flags["octets"], *flags["bits"]])


def _request(amount: str, *, pin: bool) -> TransactionRequest:
    try:
        minor = int(Decimal(amount).scaleb(2))
    except (InvalidOperation, OverflowError, ValueError):
        minor = -1
    if not 0 <= minor <= 0xFFFFFFFF:
        raise typer.BadParameter("an amount is such as 12.50", param_hint="--amount")
    pins = (SecretText(typer.prompt("PIN", hide_input=True)),) if pin else ()
    return TransactionRequest(amount=minor, at=datetime.now(UTC), pins=pins, forced_online=True)


def _ca_keys(path: Path) -> tuple[CaPublicKey, ...]:
    return load_ca_keys(path.read_bytes()) if path.exists() else ()


def _accepted(aids: Collection[str], keys: Collection[CaPublicKey]) -> list[TerminalAid]:
    """Return what was asked for, else all that begins with the RID of a payment system."""
    try:
        names = [bytes.fromhex(each) for each in aids] or sorted({each.rid for each in keys})
        accepted = [TerminalAid(name) for name in names]
    except ValueError:
        raise typer.BadParameter("an AID is 5 to 16 octets in hex", param_hint="--aid") from None
    if not accepted:
        raise typer.BadParameter(
            "no payment system's key is known: say what to accept", param_hint="--aid"
        )
    return accepted


class _Reader:
    """The card in this process; its memory is kept after each answer, as a real one's is."""

    def __init__(self, card: MadeCard) -> None:
        from cardwright.reader import InProcessCard, WholeAnswers  # noqa: PLC0415 - as above

        self._card = card
        self._connection = WholeAnswers(InProcessCard(card.chip))

    def transmit(self, command: bytes) -> bytes:
        answer = self._connection.transmit(command)
        self._card.save()
        return answer


class _Issuer:
    """The card's issuer, for whom the line's security module answers.

    Attributes:
        answered: what it said, for people.
    """

    def __init__(self, state: Path, card_id: str) -> None:
        self._state, self._card_id = state, card_id
        self.answered = "was not asked"

    def authorize(self, request: AuthorizationRequest) -> AuthorizationResponse:
        """Approve what has a genuine cryptogram."""
        if running(self._state) is None:
            self.answered = "can't be reached: no line runs here"
            raise HostUnavailableError("LINE_DOWN")
        answer = asyncio.run(self._ask(request))
        if isinstance(answer, Authorization):
            self.answered = "the cryptogram is genuine"
            return AuthorizationResponse("00", answer.authentication_data, answer.scripts)
        self.answered = f"{answer.code}: {answer}"
        return AuthorizationResponse("05", finding=answer.code)

    async def _ask(self, request: AuthorizationRequest) -> Authorization | HsmError:
        layout, chip = Layout(self._state), request.chip
        async with query_of(self._state) as query:
            issuer = (await query.get(self._card_id)).issuer
        registration = load_registration(repository() / "catalogue" / "issuers" / f"{issuer}.yaml")
        ours = registration.environment == "test"
        masters = registration.masters if ours else registration.test_masters
        item = AuthorizationItem(
            card_id=self._card_id,
            imk_ac=masters.get("IMK-AC", f"{issuer}/IMK-AC#1"),
            # Options A and B differ for longer account numbers alone.
            derivation="C" if chip.value(0x9F10)[:2] == _AES_FORMAT else "B",
            pan=chip.pan,
            sequence_number=chip.psn,
            objects={tag: chip.objects[tag] for tag in _AUTHORIZED if tag in chip.objects},
            response_code="00",
        )
        token = SecretText(layout.token_file("operator").read_text().strip())
        async with GrpcSecurityModule(f"127.0.0.1:{layout.ports()['hsm']}", token) as module:
            [answer] = await module.authorize([item])
        return answer
