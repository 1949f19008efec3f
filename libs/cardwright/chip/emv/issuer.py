"""Issuer authentication (EMV 4.4 Book 2, 8.2) and what the issuer's Card Status Update does."""

from __future__ import annotations

from hmac import compare_digest

from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.transaction import Context, Verdict

__all__ = ["approves", "authenticate", "update_status"]

_SIZES = range(8, 17)
_METHOD_1_SIZE = 10  # ARPC of eight octets, then the Authorisation Response Code
_MORE_DATA = 0x80  # first octet of the Card Status Update: proprietary data are under the ARPC
_APPROVED, _BLOCK_CARD, _BLOCK, _SET_TRIES, _GO_ONLINE = 0x80, 0x40, 0x20, 0x10, 0x08
_COUNTING, _TO_UPPER, _TO_ZERO, _ADD = 0x03, 0x01, 0x02, 0x03


def authenticate(context: Context, data: bytes) -> Verdict:
    """Judge Issuer Authentication Data (91) by the transaction's ARQC.

    Ten octets are an ARPC of method 1; other lengths from 8 to 16 are one of method 2 with its Card
    Status Update and perhaps more data.
    """
    transaction, suite = context.transaction, context.profile.suite
    if len(data) not in _SIZES:
        received, expected, status_update = b"", b"?", b""
    elif len(data) == _METHOD_1_SIZE:
        response_code = data[8:] + bytes(6)
        block = bytes(a ^ b for a, b in zip(transaction.cryptogram, response_code, strict=True))
        received, status_update = data[:8], b""
        expected = suite.answer(transaction.session_key, block)
    else:
        received, status_update = data[:4], data[4:8]
        more = data[8:] if status_update[0] & _MORE_DATA else b""
        message = transaction.cryptogram + status_update + more
        expected = suite.mac(transaction.session_key, message)[:4]
    passed = compare_digest(received, expected)
    transaction.verdict = Verdict.PASSED if passed else Verdict.FAILED
    transaction.status_update = status_update if passed else b""
    context.registers.issuer_failed = int(not passed)
    return transaction.verdict


def approves(status_update: bytes) -> bool:
    """Whether the issuer lets the card give a TC; without an update it leaves that open."""
    return not status_update or bool(status_update[1] & _APPROVED)


def update_status(context: Context) -> None:
    """Carry an authentic Card Status Update out (Book 3, common core definitions, 10.11.1.1)."""
    update, registers = context.transaction.status_update, context.registers
    if not update:
        return
    tries, actions = update[0] & 0x0F, update[1]
    if actions & _BLOCK_CARD:
        registers.card_blocked = 1
    if actions & _BLOCK:
        registers.blocked = 1
    if actions & _SET_TRIES and g.PIN in context.profile.groupings:
        registers.pin_tries = min(tries, context.profile.groupings[g.PIN_COUNTERS][1])
    registers.go_online = int(bool(actions & _GO_ONLINE))
    counting = actions & _COUNTING
    if counting == _TO_UPPER:
        registers.offline = context.profile.upper_limit or registers.offline
    elif counting == _TO_ZERO:
        registers.offline = 0
    elif counting == _ADD:
        registers.count_offline()
