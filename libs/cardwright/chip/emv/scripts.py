"""Issuer script commands (EMV 4.4 Book 3, 6.5; PUT DATA and UPDATE RECORD as ISO/IEC 7816-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.emv import groupings as g
from cardwright.chip.emv.messaging import ClearCommand
from cardwright.chip.emv.pin import new_reference
from cardwright.chip.emv.suite import AES
from cardwright.chip.emv.transaction import Context
from cardwright.chip.tlv import encode, read_tlvs

__all__ = ["SCRIPT_COMMANDS", "run_script_command"]

_MOST_COUNTED = 15
_UNBLOCK, _CHANGE_KNOWING, _CHANGE = 0x00, 0x01, 0x02  # P2 of PIN CHANGE/UNBLOCK
_WRITABLE = {0x9F14: 1, 0x9F23: 1, 0x9F56: 1}


def run_script_command(context: Context, command: Command) -> bytes:
    """Take secure messaging off and carry the command out; before a cryptogram it is 6985."""
    transaction, registers = context.transaction, context.registers
    if transaction.channel is None:
        raise Refusal(Status.NOT_NOW)
    try:
        _COMMANDS[command.cla & 0x80, command.ins](context, transaction.channel.unwrap(command))
    except Refusal:
        transaction.script_failed = True
        registers.script_failed = 1
        raise
    transaction.scripts = min(transaction.scripts + 1, _MOST_COUNTED)
    registers.scripts = min(registers.scripts + 1, _MOST_COUNTED)
    return b""


def _application_block(context: Context, command: ClearCommand) -> None:
    _require_bare(command)
    context.registers.blocked = 1


def _application_unblock(context: Context, command: ClearCommand) -> None:
    _require_bare(command)
    context.registers.blocked = 0


def _card_block(context: Context, command: ClearCommand) -> None:
    _require_bare(command)
    context.registers.card_blocked = 1


def _pin_change_unblock(context: Context, command: ClearCommand) -> None:
    changes = {_CHANGE} if context.profile.suite is AES else {_CHANGE, _CHANGE_KNOWING}
    if command.p1 or command.p2 not in {_UNBLOCK, *changes}:
        raise Refusal(Status.WRONG_P1_P2)
    if g.PIN not in context.profile.groupings:
        raise Refusal(Status.NO_REFERENCE)
    if command.p2 in changes:
        known = context.profile.groupings[g.PIN] if command.p2 == _CHANGE_KNOWING else None
        key = context.profile.keys[0]
        context.store(g.PIN, new_reference(command.secret or b"", key, known), True)
    elif command.data or command.secret:
        raise Refusal(Status.WRONG_LENGTH)
    context.registers.pin_tries = context.profile.groupings[g.PIN_COUNTERS][1]


def _put_data(context: Context, command: ClearCommand) -> None:
    """Replace one of the application's internal data objects, named by P1 and P2."""
    tag = command.p1 << 8 | command.p2
    if tag not in _WRITABLE:
        raise Refusal(Status.NO_REFERENCE)
    if len(command.data) != _WRITABLE[tag]:
        raise Refusal(Status.WRONG_LENGTH)
    held = [
        each
        for each, value in sorted(context.profile.groupings.items())
        if g.is_internal(each) and any(found == tag for found, _ in read_tlvs(value))
    ]
    grouping = held[-1] if held else g.INTERNAL
    others = read_tlvs(context.profile.groupings.get(grouping, b""))
    objects = {**dict(others), tag: command.data}
    context.store(grouping, b"".join(encode(*each) for each in objects.items()), False)


def _update_record(context: Context, command: ClearCommand) -> None:
    """Replace a record that is there, named by number in P1 and file in P2."""
    grouping = command.p2 >> 3 << 8 | command.p1
    if command.p2 & 0x07 != 4:
        raise Refusal(Status.WRONG_P1_P2)
    if grouping not in context.profile.groupings:
        raise Refusal(Status.NO_RECORD)
    context.store(grouping, command.data, False)


def _require_bare(command: ClearCommand) -> None:
    if command.p1 or command.p2:
        raise Refusal(Status.WRONG_P1_P2)
    if command.data or command.secret:
        raise Refusal(Status.WRONG_LENGTH)


_COMMANDS: Mapping[tuple[int, int], Callable[[Context, ClearCommand], None]] = {
    (0x80, 0x1E): _application_block,
    (0x80, 0x18): _application_unblock,
    (0x80, 0x16): _card_block,
    (0x80, 0x24): _pin_change_unblock,
    (0x00, 0xDA): _put_data,
    (0x00, 0xDC): _update_record,
}

SCRIPT_COMMANDS = frozenset(
    (cla | messaging, ins) for cla, ins in _COMMANDS for messaging in (0x04, 0x0C)
)
"""(CLA, INS) of all of them, in both formats of secure messaging."""
