"""EMV Book 3, 10.5 and Book 4, 6.3.4: cardholder verification."""

from __future__ import annotations

from enum import Enum, auto

from cardwright.terminal.cvm import CvmCode, CvmRule, holds, parse_cvm_list, supported
from cardwright.terminal.flags import Aip, Tsi, Tvr
from cardwright.terminal.pin import verify_offline
from cardwright.terminal.results import CvmResults
from cardwright.terminal.session import Session

__all__ = ["verify_cardholder"]

_PINS = frozenset({
    CvmCode.PLAINTEXT_PIN,
    CvmCode.ONLINE_PIN,
    CvmCode.PLAINTEXT_PIN_AND_SIGNATURE,
    CvmCode.ENCIPHERED_PIN,
    CvmCode.ENCIPHERED_PIN_AND_SIGNATURE,
})  # fmt: skip
_ENCIPHERED = frozenset({CvmCode.ENCIPHERED_PIN, CvmCode.ENCIPHERED_PIN_AND_SIGNATURE})
_UNKNOWN_YET = frozenset({
    CvmCode.ONLINE_PIN,
    CvmCode.SIGNATURE,
    CvmCode.PLAINTEXT_PIN_AND_SIGNATURE,
    CvmCode.ENCIPHERED_PIN_AND_SIGNATURE,
})  # fmt: skip


class _Attempt(Enum):
    """What became of a rule."""

    NOT_PERFORMED = auto()
    FAILED = auto()
    DONE = auto()


def verify_cardholder(session: Session) -> None:
    """Go through the card's list (8E) until a method succeeds or a rule says to stop.

    Sets CVM results, TVR and TSI as Book 4, table 2 has them.

    Raises:
        CardLinkError: the card does not answer.
    """
    if not session.aip & Aip.CARDHOLDER_VERIFICATION:
        return
    methods = parse_cvm_list(session.card.get(0x8E, b""))
    if not methods.rules:
        session.tvr |= Tvr.ICC_DATA_MISSING
        session.findings.append("CVM_LIST_MISSING")
        return
    session.tsi |= Tsi.CARDHOLDER_VERIFICATION
    currency = session.card.get(0x9F42)
    session.cvm = CvmResults(result=1)
    for rule in methods.rules:
        if not holds(rule, methods, session.profile, session.request, currency):
            continue
        if _apply(session, rule):
            return
        if not rule.goes_on:
            break
    session.tvr |= Tvr.CARDHOLDER_NOT_VERIFIED
    session.findings.append("CARDHOLDER_NOT_VERIFIED")


def _apply(session: Session, rule: CvmRule) -> bool:
    """Perform a rule's method and state its result; whether it succeeded."""
    attempt = _perform(session, rule.method)
    if attempt is _Attempt.DONE:
        result = 0 if rule.method in _UNKNOWN_YET else 2
        session.cvm = CvmResults(rule.octet, rule.condition, result)
    elif attempt is _Attempt.FAILED:
        session.cvm = CvmResults(rule.octet, rule.condition, 1)
    return attempt is _Attempt.DONE


def _perform(session: Session, method: CvmCode | None) -> _Attempt:
    if method is None:
        session.tvr |= Tvr.UNRECOGNISED_CVM
        return _Attempt.NOT_PERFORMED
    if not supported(method, session.profile.capabilities):
        if method in _PINS:
            session.tvr |= Tvr.PIN_PAD_MISSING
        return _Attempt.NOT_PERFORMED
    if method is CvmCode.FAIL:
        return _Attempt.FAILED
    if method is CvmCode.ONLINE_PIN:
        return _enter_online_pin(session)
    if method in _PINS:
        good = verify_offline(session, enciphered=method in _ENCIPHERED)
        return _Attempt.DONE if good else _Attempt.FAILED
    return _Attempt.DONE


def _enter_online_pin(session: Session) -> _Attempt:
    """Take a PIN for the issuer; here it is noted that there was one, no more."""
    if not session.pins:
        session.tvr |= Tvr.PIN_NOT_ENTERED
        return _Attempt.FAILED
    session.pins.pop(0)
    session.tvr |= Tvr.ONLINE_PIN_ENTERED
    return _Attempt.DONE
