"""A contact transaction from first to last (EMV Book 3, figure 7)."""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_bytes

from cardwright.issuerhost.messages import IssuerHost
from cardwright.secret import SecretBytes
from cardwright.terminal.analysis import Decision, decide
from cardwright.terminal.card import Card, Channel
from cardwright.terminal.cardholder import verify_cardholder
from cardwright.terminal.cryptogram import CDOL1, CDOL2, generate
from cardwright.terminal.data import terminal_data
from cardwright.terminal.errors import CardLinkError, TerminatedError
from cardwright.terminal.initiate import initiate
from cardwright.terminal.offline import authenticate
from cardwright.terminal.online import go_online
from cardwright.terminal.profile import Profile, TransactionRequest
from cardwright.terminal.reading import read_application
from cardwright.terminal.restrictions import restrict
from cardwright.terminal.results import Outcome, Transaction
from cardwright.terminal.risk import manage_risk
from cardwright.terminal.selection import candidates, no_application, select
from cardwright.terminal.session import Session

__all__ = ["begin", "run"]


def run(
    card: Card,
    profile: Profile,
    request: TransactionRequest,
    host: IssuerHost,
    *,
    random: Callable[[int], bytes] = token_bytes,
) -> Transaction:
    """Perform a transaction with a card in the contact reader; whatever the card does, it ends.

    Args:
        card: after a reset.
        profile: the terminal.
        request: what is asked.
        host: the way to the issuer.
        random: returns so many unpredictable octets.
    """
    session = begin(card, profile, request, random)
    try:
        outcome, code = _perform(session, host)
    except (TerminatedError, CardLinkError) as error:
        outcome, code = Outcome.TERMINATED, error.code
    return _result(session, outcome, code)


def begin(
    card: Card, profile: Profile, request: TransactionRequest, random: Callable[[int], bytes]
) -> Session:
    """Return a session before its first command."""
    return Session(
        profile=profile,
        request=request,
        channel=Channel(card),
        random=random,
        terminal=terminal_data(profile, request, random(4)),
        pins=list(request.pins),
    )


def _perform(session: Session, host: IssuerHost) -> tuple[Outcome, str]:
    _select_and_initiate(session)
    read_application(session)
    authenticate(session)
    restrict(session)
    verify_cardholder(session)
    manage_risk(session)
    return _act(session, host)


def _select_and_initiate(session: Session) -> None:
    for choice in candidates(session):
        if select(session, choice) and initiate(session):
            return
    raise no_application()


def _act(session: Session, host: IssuerHost) -> tuple[Outcome, str]:
    """Let the card act on what the terminal decided (Book 3, 10.7 and 10.8; Book 2, 6.6)."""
    asked = decide(session)
    if asked is not Decision.GO_ONLINE:
        session.terminal[0x8A] = b"Y1" if asked is Decision.APPROVE else b"Z1"
    got = generate(session, asked, CDOL1)
    if got is Decision.DECLINE:
        session.terminal[0x8A] = b"Z1"
        return Outcome.DECLINED, "TERMINAL" if asked is Decision.DECLINE else "CARD"
    if session.bad_signature:
        return _decline_unsigned(session, got)
    if got is Decision.APPROVE:
        return Outcome.APPROVED, "OFFLINE"
    return go_online(session, host)


def _decline_unsigned(session: Session, got: Decision) -> tuple[Outcome, str]:
    """Decline for a bad signature; an ARQC's transaction must be ended first (Book 2, 6.6)."""
    session.terminal[0x8A] = b"Z1"
    if got is Decision.GO_ONLINE:
        generate(session, Decision.DECLINE, CDOL2)
    return Outcome.DECLINED, "CDA_FAILED"


def _result(session: Session, outcome: Outcome, code: str) -> Transaction:
    atc = None if session.final is None else session.final.atc
    return Transaction(
        outcome=outcome,
        code=code,
        findings=tuple(session.findings),
        aid=session.aid,
        selected_by=session.selected_by,
        tvr=session.tvr,
        tsi=session.tsi,
        cvm=session.cvm,
        oda=session.oda,
        atc=atc,
        first=session.first,
        final=session.final,
        response_code=session.terminal.get(0x8A, b"").decode("ascii"),
        script_results=tuple(session.scripts),
        objects={tag: SecretBytes(value) for tag, value in session.card.items()},
        log=tuple(session.channel.log),
    )
