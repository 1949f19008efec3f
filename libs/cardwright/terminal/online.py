"""EMV Book 3, 10.8 to 10.11: after the first cryptogram, with the issuer or without."""

from __future__ import annotations

from cardwright.iso.apdu import CommandApdu
from cardwright.issuerhost.messages import (
    AuthorizationRequest,
    AuthorizationResponse,
    HostUnavailableError,
    IssuerHost,
)
from cardwright.terminal.analysis import Decision, decide_unable
from cardwright.terminal.cryptogram import CDOL2, generate
from cardwright.terminal.flags import Aip, Tsi, Tvr
from cardwright.terminal.results import Outcome
from cardwright.terminal.scripts import AFTER_FINAL, BEFORE_FINAL, run_scripts
from cardwright.terminal.session import Session

__all__ = ["go_online"]


def go_online(session: Session, host: IssuerHost) -> tuple[Outcome, str]:
    """Ask the issuer about the ARQC and tell the card; return outcome and code.

    Raises:
        TerminatedError: see ``generate``.
        CardLinkError: the card does not answer.
    """
    assert session.first is not None  # go_online comes after an ARQC
    if session.profile.offline_only:
        return _unable(session)
    pin = bool(session.tvr & Tvr.ONLINE_PIN_ENTERED)
    try:
        response = host.authorize(AuthorizationRequest(session.first, pin))
    except HostUnavailableError as error:
        session.findings.append(error.code)
        return _unable(session)
    if response.finding != "OK":
        session.findings.append(response.finding)
    return _complete(session, response)


def _complete(session: Session, response: AuthorizationResponse) -> tuple[Outcome, str]:
    """Authenticate the issuer, run its scripts, ask for the final cryptogram (10.9 to 10.11)."""
    session.terminal[0x8A] = response.response_code.encode("ascii")
    if response.issuer_authentication_data:
        session.terminal[0x91] = response.issuer_authentication_data
        _authenticate_issuer(session, response.issuer_authentication_data)
    run_scripts(session, response.scripts, BEFORE_FINAL)
    asked = Decision.APPROVE if response.approves else Decision.DECLINE
    got = generate(session, asked, CDOL2)
    run_scripts(session, response.scripts, AFTER_FINAL)
    return _conclude(session, asked, got, "ISSUER")


def _unable(session: Session) -> tuple[Outcome, str]:
    """Decide without the issuer (Book 4, 6.3.8; annex A6 has the response codes)."""
    asked = decide_unable(session)
    session.terminal[0x8A] = b"Y3" if asked is Decision.APPROVE else b"Z3"
    got = generate(session, asked, CDOL2)
    return _conclude(session, asked, got, "UNABLE_ONLINE")


def _conclude(session: Session, asked: Decision, got: Decision, who: str) -> tuple[Outcome, str]:
    if asked is Decision.DECLINE:
        return Outcome.DECLINED, who
    if got is Decision.DECLINE:
        return Outcome.DECLINED, "CARD_AFTER_ISSUER" if who == "ISSUER" else "CARD"
    if session.bad_signature:
        return Outcome.DECLINED, "CDA_FAILED"
    return Outcome.APPROVED, who


def _authenticate_issuer(session: Session, data: bytes) -> None:
    """Send EXTERNAL AUTHENTICATE where the AIP has it (10.9); else the CDOL2 may carry 91."""
    if not session.aip & Aip.ISSUER_AUTHENTICATION:
        return
    good = 8 <= len(data) <= 16
    if good:
        session.tsi |= Tsi.ISSUER_AUTHENTICATION
        good = session.channel.send(CommandApdu(0x00, 0x82, 0, 0, data)).ok
    if not good:
        session.tvr |= Tvr.ISSUER_AUTHENTICATION_FAILED
        session.findings.append("ISSUER_AUTHENTICATION_FAILED")
