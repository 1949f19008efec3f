"""EMV Book 3, 10.10 and Book 4, 6.3.9: what the issuer wants done to the card."""

from __future__ import annotations

from cardwright.iso import tlv
from cardwright.iso.errors import TlvError
from cardwright.iso.tlv import Tlv
from cardwright.terminal.flags import Tsi, Tvr
from cardwright.terminal.session import Session

__all__ = ["AFTER_FINAL", "BEFORE_FINAL", "run_scripts"]

BEFORE_FINAL, AFTER_FINAL = 0x71, 0x72
_FAILED = {
    BEFORE_FINAL: Tvr.SCRIPT_FAILED_BEFORE_FINAL,
    AFTER_FINAL: Tvr.SCRIPT_FAILED_AFTER_FINAL,
}
_NOT_PERFORMED, _FAILED_AT, _SUCCESSFUL = 0x00, 0x10, 0x20


def run_scripts(session: Session, scripts: bytes, template: int) -> None:
    """Send the commands of all scripts with that template, and keep a result of each (9F5B).

    A script ends at its first command that the card refuses; warnings (62xx, 63xx) don't end it.

    Raises:
        CardLinkError: the card does not answer.
    """
    try:
        wanted = [each for each in tlv.parse(scripts) if each.tag == template]
    except TlvError:
        _fail(session, template, bytes(5))
        return
    for script in wanted:
        session.tsi |= Tsi.SCRIPT_PROCESSING
        _run(session, script)


def _run(session: Session, script: Tlv) -> None:
    try:
        objects = script.children()
    except TlvError:
        _fail(session, script.tag, bytes(5))
        return
    identifier = next((each.value for each in objects if each.tag == 0x9F18), bytes(4))
    identifier = identifier[:4].rjust(4, b"\0")
    commands = [each.value for each in objects if each.tag == 0x86]
    if any(len(command) < 4 for command in commands):
        _fail(session, script.tag, bytes((_NOT_PERFORMED,)) + identifier)
        return
    for count, command in enumerate(commands, 1):
        response = session.channel.send_octets(command)
        if not response.ok and response.sw >> 8 not in {0x62, 0x63}:
            _fail(session, script.tag, bytes((_FAILED_AT | min(count, 15),)) + identifier)
            return
    session.scripts.append(bytes((_SUCCESSFUL,)) + identifier)


def _fail(session: Session, template: int, result: bytes) -> None:
    session.tvr |= _FAILED[template]
    session.scripts.append(result)
    session.findings.append("SCRIPT_FAILED")
