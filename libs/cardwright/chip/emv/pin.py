"""The cardholder's PIN: VERIFY (EMV 4.4 Book 3, 6.5.12), in clear or enciphered (Book 2, 7.2)."""

from __future__ import annotations

from hmac import compare_digest

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.transaction import Context, Step

__all__ = ["new_reference", "verify"]

_PLAIN, _ENCIPHERED = 0x80, 0x88
_BLOCK_SIZE, _CHALLENGE_SIZE = 8, 8
_DATA_HEADER = b"\x7f"
_REFERENCE_CONTROL = 2


def verify(context: Context, command: Command, challenge: bytes) -> bytes:
    """Compare a PIN block with the reference.

    Args:
        context: the application.
        command: P2 says how the PIN comes.
        challenge: what the GET CHALLENGE right before answered; empty if there was none.

    Refusals: 6984 without a PIN or when the enciphered block can't be recovered, 6983 when no try
    is left, 63Cx with the tries that are left now.
    """
    if command.p1 or command.p2 not in (_PLAIN, _ENCIPHERED):
        raise Refusal(Status.WRONG_P1_P2)
    if context.transaction.step not in (Step.SELECTED, Step.INITIATED):
        raise Refusal(Status.NOT_NOW)
    groupings, registers = context.profile.groupings, context.registers
    if g.PIN not in groupings:
        raise Refusal(Status.REFERENCE_UNUSABLE)
    if registers.pin_tries == 0:
        raise Refusal(Status.BLOCKED)
    if command.p2 == _PLAIN:
        command.require_length(_BLOCK_SIZE)
        block = command.data
    else:
        block = _recover(context, command, challenge)
    context.transaction.pin_tried = True
    # The try is spent before the comparison, so that cutting the power gains nothing.
    registers.pin_tries -= 1
    context.transaction.pin_verified = compare_digest(groupings[g.PIN], block)
    if not context.transaction.pin_verified:
        raise Refusal(Status.VERIFY_FAILED | registers.pin_tries)
    registers.pin_tries = groupings[g.PIN_COUNTERS][1]
    return b""


def new_reference(block: bytes, key: bytes, known: bytes | None) -> bytes:
    """The reference PIN block that PIN CHANGE/UNBLOCK brings; 6A80 for no PIN block.

    Args:
        block: eight octets, deciphered: control field 2, or Visa's block, which is length, PIN and
            F, mixed with half of the key.
        key: the master key for cryptograms.
        known: the reference so far, if its digits are mixed into Visa's block too.
    """
    if len(block) != _BLOCK_SIZE:
        raise Refusal(Status.WRONG_DATA)
    if block[0] >> 4 == _REFERENCE_CONTROL and known is None:
        return block
    mixed = int.from_bytes(block, "big") ^ int.from_bytes(key[4:8], "big")
    if known is not None:
        digits = known.hex()[2:].rstrip("f")
        mixed ^= int(digits.ljust(2 * _BLOCK_SIZE, "0"), 16)
    if mixed >> 60:
        raise Refusal(Status.WRONG_DATA)
    return (mixed | _REFERENCE_CONTROL << 60).to_bytes(_BLOCK_SIZE, "big")


def _recover(context: Context, command: Command, challenge: bytes) -> bytes:
    key = context.profile.pin_key
    if key is None:
        raise Refusal(Status.REFERENCE_UNUSABLE)
    command.require_length(key.size)
    plain = key.apply(command.data)
    header, block, rest = plain[:1], plain[1 : 1 + _BLOCK_SIZE], plain[1 + _BLOCK_SIZE :]
    fresh = compare_digest(rest[:_CHALLENGE_SIZE], challenge)
    if not fresh or header != _DATA_HEADER:
        raise Refusal(Status.REFERENCE_UNUSABLE)
    return block
