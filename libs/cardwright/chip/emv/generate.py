"""GENERATE AC (EMV 4.4 Book 3, 6.5.5; Book 2, 6.6 and 8.1)."""

from __future__ import annotations

from cardwright.chip.apdu import Command, Refusal, Status
from cardwright.chip.emv import groupings as g
from cardwright.chip.emv import issuer, risk
from cardwright.chip.emv.messaging import ScriptChannel
from cardwright.chip.emv.profile import Profile
from cardwright.chip.emv.results import (
    SIGNS_RESULTS_ALONE,
    VISA_VERSIONS,
    Kind,
    Results,
    card_verification_results,
    issuer_application_data,
)
from cardwright.chip.emv.signature import combined_dynamic_data, sign_dynamic_data
from cardwright.chip.emv.transaction import Context, Step, Verdict
from cardwright.chip.tlv import encode

__all__ = ["generate_ac"]

# What goes into a cryptogram, in this order, before AIP, ATC and Issuer Application Data (Book 2,
# table CCD 3; Visa's versions have the same).
_CRYPTOGRAM_TAGS = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37)

_VERIFICATION_RESULTS, _RESPONSE_CODE, _ISSUER_DATA = 0x95, 0x8A, 0x91
_UNPREDICTABLE_NUMBER = 0x9F37
_AUTHENTICATION_FAILED = 0x4C  # first octet of the TVR: SDA, DDA or CDA failed
_UNABLE_ONLINE = (b"Y3", b"Z3")
_KIND, _CDA = 0xC0, 0x10  # bits of P1
_CDA_SUPPORTED, _EXTERNAL_AUTHENTICATE_SUPPORTED = 0x01, 0x04  # bits of the AIP's first octet
_NUMBER_SIZE = 8


def generate_ac(context: Context, command: Command) -> bytes:
    """Answer the first GENERATE AC or the second; 6985 for any other."""
    requested, signs = _read_p1(context, command)
    step = context.transaction.step
    if step is Step.INITIATED:
        return _first(context, command, requested, signs=signs)
    if step is Step.ONLINE:
        return _second(context, command, requested, signs=signs)
    raise Refusal(Status.NOT_NOW)


def _read_p1(context: Context, command: Command) -> tuple[Kind, bool]:
    kind, rest = command.p1 & _KIND, command.p1 & ~_KIND
    known = kind != _KIND and rest in (0, _CDA) and not command.p2
    if not known or (rest and not context.transaction.interchange[0] & _CDA_SUPPORTED):
        raise Refusal(Status.WRONG_P1_P2)
    return Kind(kind), bool(rest)


def _first(context: Context, command: Command, requested: Kind, *, signs: bool) -> bytes:
    transaction, registers, profile = context.transaction, context.registers, context.profile
    if not profile.cdol1:
        raise Refusal(Status.NOT_NOW)
    transaction.take(profile.cdol1, command.data)
    kind = risk.first_kind(requested, profile, registers)
    cryptogram_key, integrity, confidentiality = profile.keys
    atc = registers.atc
    transaction.session_key = _session_key(profile, cryptogram_key, atc)
    transaction.first = kind
    transaction.incomplete_before = bool(registers.online_pending)
    transaction.step = Step.ONLINE if kind is Kind.ARQC else Step.OVER
    if kind is Kind.ARQC:
        registers.online_pending = 1
    transaction.cryptogram, response = _answer(context, kind, None, signs=signs)
    transaction.channel = ScriptChannel.open(
        profile.suite,
        integrity,
        confidentiality,
        atc,
        transaction.cryptogram,
        takes_format_2=profile.version in VISA_VERSIONS,
    )
    if kind is Kind.TC:
        registers.count_offline()
    results = transaction.terminal.get(_VERIFICATION_RESULTS) or b"\0"
    registers.authentication_failed = results[0] & _AUTHENTICATION_FAILED
    return response


def _second(context: Context, command: Command, requested: Kind, *, signs: bool) -> bytes:
    transaction, registers = context.transaction, context.registers
    if requested is Kind.ARQC:
        raise Refusal(Status.WRONG_P1_P2)
    transaction.take(context.profile.cdol2, command.data)
    transaction.step = Step.OVER
    data = transaction.terminal.get(_ISSUER_DATA, b"")
    if transaction.verdict is Verdict.NOT_PERFORMED and any(data):
        issuer.authenticate(context, data)
    online = transaction.terminal.get(_RESPONSE_CODE) not in _UNABLE_ONLINE
    kind = risk.second_kind(
        requested,
        context.profile,
        registers,
        online=online,
        verdict=transaction.verdict,
        approved=issuer.approves(transaction.status_update),
    )
    _settle(context, kind, online=online)
    _, response = _answer(context, transaction.first, kind, signs=signs, online=online)
    if not online and kind is Kind.TC:
        registers.count_offline()
    return response


def _settle(context: Context, kind: Kind, *, online: bool) -> None:
    """Reset what was waiting for the issuer, or keep it (Book 3, CCD 9.2.3.2 and 10.11.1)."""
    transaction, registers = context.transaction, context.registers
    skipped = transaction.verdict is Verdict.NOT_PERFORMED
    registers.issuer_skipped = int(skipped and _supports_issuer_authentication(context))
    reached = transaction.verdict is Verdict.PASSED or (
        online and skipped and not context.profile.issuer_authentication_mandatory
    )
    if not reached:
        registers.online_pending = int(transaction.incomplete_before)
        return
    registers.online_pending = registers.issuer_failed = registers.go_online = 0
    transaction.incomplete_before = False
    registers.scripts, registers.script_failed = transaction.scripts, int(transaction.script_failed)
    registers.last_online_atc = registers.atc
    if kind is Kind.TC and not transaction.status_update:
        registers.offline = 0
    issuer.update_status(context)


def _answer(
    context: Context, kind: Kind, second: Kind | None, *, signs: bool, online: bool = True
) -> tuple[bytes, bytes]:
    """The cryptogram of the first or second GENERATE AC, and the whole response."""
    transaction = context.transaction
    given = kind if second is None else second
    key = context.profile.icc_key if signs and given is not Kind.AAC else None
    transaction.cda |= key is not None
    atc = context.registers.atc.to_bytes(2, "big")
    results = _results(context, kind, second, online=online)
    data = issuer_application_data(context.profile.issuer_data, results)
    terminal = b"".join(transaction.terminal.get(tag, b"") for tag in _CRYPTOGRAM_TAGS)
    cryptogram = _cryptogram(context, terminal + transaction.interchange + atc, data)
    head = encode(0x9F27, bytes((given,))) + encode(0x9F36, atc)
    tail = encode(0x9F10, data)
    if key is None:
        return cryptogram, encode(0x77, head + encode(0x9F26, cryptogram) + tail)
    dynamic = combined_dynamic_data(
        context.random(_NUMBER_SIZE), given, cryptogram, transaction.sent + head + tail
    )
    number = transaction.terminal.get(_UNPREDICTABLE_NUMBER, b"")
    signature = encode(0x9F4B, sign_dynamic_data(key, dynamic, number))
    return cryptogram, encode(0x77, head + signature + tail)


def _session_key(profile: Profile, master: bytes, atc: int) -> bytes:
    """The cryptogram's key; Visa's version 10 has no session keys."""
    if profile.version == SIGNS_RESULTS_ALONE:
        return master
    return profile.suite.session_key(master, atc.to_bytes(2, "big"))


def _cryptogram(context: Context, message: bytes, issuer_data: bytes) -> bytes:
    """Eight octets over the message and Issuer Application Data (Book 2, 8.1.2)."""
    suite, key = context.profile.suite, context.transaction.session_key
    if context.profile.version == SIGNS_RESULTS_ALONE:
        # ISO/IEC 9797-1 padding method 1: zeros, if they are needed.
        signed = message + card_verification_results(issuer_data)
        return suite.mac_of_blocks(key, signed + bytes(-len(signed) % suite.block))[:8]
    return suite.mac(key, message + issuer_data)[:8]


def _results(context: Context, kind: Kind, second: Kind | None, *, online: bool) -> Results:
    transaction, registers, profile = context.transaction, context.registers, context.profile
    return Results(
        first=kind,
        second=second,
        cda=transaction.cda,
        dda=transaction.dda,
        pin_tries=registers.pin_tries,
        pin_blocked=g.PIN in profile.groupings and not registers.pin_tries,
        pin_tried=transaction.pin_tried,
        pin_failed=transaction.pin_tried and not transaction.pin_verified,
        unable_online=not online,
        issuer_failed_now=transaction.verdict is Verdict.FAILED,
        issuer_failed=bool(registers.issuer_failed),
        issuer_skipped=bool(registers.issuer_skipped),
        incomplete=transaction.incomplete_before,
        lower_exceeded=risk.exceeds(registers.offline, profile.lower_limit),
        upper_exceeded=risk.exceeds(registers.offline, profile.upper_limit),
        scripts=registers.scripts,
        script_failed=bool(registers.script_failed),
        authentication_failed=registers.authentication_failed,
        go_online=bool(registers.go_online),
    )


def _supports_issuer_authentication(context: Context) -> bool:
    """By EXTERNAL AUTHENTICATE (the AIP says so) or within the second GENERATE AC (CDOL2 asks)."""
    asked = any(tag == _ISSUER_DATA for tag, _ in context.profile.cdol2)
    return asked or bool(context.transaction.interchange[0] & _EXTERNAL_AUTHENTICATE_SUPPORTED)
