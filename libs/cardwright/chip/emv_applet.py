"""An EMV debit application (EMV 4.3 Books 1 to 3), personalized as EMV CPS says."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from hmac import compare_digest

from cardwright.chip.apdu import Command, Handlers, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.crypto import des_key_check_value, emv_session_key, retail_mac
from cardwright.chip.tlv import encode, first, read_dol, read_tlvs

__all__ = ["EmvApplet"]

_GPO, _KEYS, _KEY_CHECK_VALUES = 0x9104, 0x8000, 0x9000
_PIN, _PIN_COUNTERS = 0x8010, 0x9010
_INTERNAL = frozenset(range(0xA000, 0xA100)) | frozenset(range(0x3000, 0x3100))
_ISSUER_DATA = 0xA001
_ISSUER_APPLICATION_DATA = 0x9F10
_DEFAULT_IAD = bytes.fromhex("06011203000000")  # key index 1, cryptogram version 18, CVR

# What goes into a cryptogram, in this order, before AIP, ATC and issuer application data
# (EMV 4.3 Book 2, table 26, and Visa's cryptogram version 18).
_CRYPTOGRAM_TAGS = (0x9F02, 0x9F03, 0x9F1A, 0x95, 0x5F2A, 0x9A, 0x9C, 0x9F37)

_AAC, _TC, _ARQC = 0x00, 0x40, 0x80
_LAST_ATC = 0xFFFF


class _Step(Enum):
    """Where a transaction is; it begins with SELECT."""

    SELECTED = auto()
    INITIATED = auto()
    ONLINE = auto()
    OVER = auto()


class EmvApplet(Applet):
    """Groupings: records, 9102 (A5), 9104 (82 and 94), 8000 (MK-AC, MK-SMI, MK-SMC), 9000 (KCVs).

    Also 8010 (reference PIN block) with 9010 (tries left, limit), and 30xx and A0xx (internal
    TLVs; A001 may hold 9F10, the issuer application data to begin with).
    Without 9104 it is a directory (PSE, PPSE): it can be selected and read, no more.
    """

    PACKAGE = b"\xf0CWEMV"
    MODULE = b"\xf0CWEMV\x01"
    ENCRYPTED = frozenset({_KEYS, _PIN})

    def handlers(self) -> Handlers:
        """The transaction's commands."""
        return {
            (0x80, 0xA8): self._get_processing_options,
            (0x80, 0xAE): self._generate_ac,
            (0x80, 0xCA): self._get_data,
            (0x00, 0x20): self._verify,
        }

    def check(self, grouping: int, value: bytes) -> None:
        """Lengths and templates; keys against their check values as soon as both are there."""
        if grouping in _INTERNAL:
            read_tlvs(value)
            return
        well_formed = _WELL_FORMED.get(grouping)
        if well_formed is None:
            raise Refusal(Status.NO_REFERENCE)
        if not well_formed(value) or not _keys_fit({**self.groupings, grouping: value}):
            raise Refusal(Status.WRONG_DATA)

    def complete(self) -> bool:
        """A name to be selected by; and to pay, keys that were checked."""
        has = self.groupings.keys()
        pays = _GPO in has or _KEYS in has
        enough = {_GPO, _KEYS, _KEY_CHECK_VALUES} <= has if pays else True
        return 0x9102 in has and enough and (_PIN in has) == (_PIN_COUNTERS in has)

    def reset(self) -> None:
        """A new selection is a new transaction."""
        self._step = _Step.SELECTED
        self._terminal_data: dict[int, bytes] = {}

    def _get_processing_options(self, command: Command) -> bytes:
        """EMV 4.3 Book 3, 6.5.8, answered in format 2."""
        command.require_p1_p2(0, 0)
        options = self.groupings.get(_GPO)
        atc = self.counters.get("atc", 0)
        if self._step is not _Step.SELECTED or options is None or atc >= _LAST_ATC:
            raise Refusal(Status.NOT_NOW)
        data = first(command.data, 0x83)
        if data is None:
            raise Refusal(Status.WRONG_DATA)
        proprietary = first(self.groupings[0x9102], 0xA5) or b""
        pdol = read_dol(first(proprietary, 0x9F38) or b"")
        if len(data) != sum(size for _, size in pdol):
            raise Refusal(Status.WRONG_LENGTH)
        self.counters["atc"] = atc + 1
        self._step = _Step.INITIATED
        return encode(0x77, options)

    def _generate_ac(self, command: Command) -> bytes:
        """EMV 4.3 Book 3, 6.5.5: first online or declined, then the issuer's word."""
        if command.p1 not in (_AAC, _TC, _ARQC) or command.p2:
            raise Refusal(Status.WRONG_P1_P2)
        if self._step is _Step.INITIATED:
            kind = _AAC if command.p1 == _AAC else _ARQC  # this card always goes online
            dol, next_step = 0x8C, _Step.OVER if kind == _AAC else _Step.ONLINE
            verification_results = kind >> 2 | 0x80  # the second cryptogram not yet requested
        elif self._step is _Step.ONLINE:
            if command.p1 == _ARQC:
                raise Refusal(Status.WRONG_P1_P2)
            kind = command.p1
            dol, next_step = 0x8D, _Step.OVER
            verification_results = kind | _ARQC >> 2
        else:
            raise Refusal(Status.NOT_NOW)
        self._terminal_data |= self._read_terminal_data(dol, command)
        self._step = next_step
        return self._cryptogram(kind, verification_results)

    def _read_terminal_data(self, dol_tag: int, command: Command) -> dict[int, bytes]:
        dol = read_dol(self._from_records(dol_tag) or b"")
        command.require_length(sum(size for _, size in dol))
        values = {}
        at = 0
        for tag, size in dol:
            values[tag] = command.data[at : at + size]
            at += size
        return values

    def _cryptogram(self, kind: int, verification_results: int) -> bytes:
        atc = self.counters["atc"]
        aip = first(self.groupings[_GPO], 0x82) or b""
        iad = bytearray(
            first(self.groupings.get(_ISSUER_DATA, b""), _ISSUER_APPLICATION_DATA) or _DEFAULT_IAD
        )
        if len(iad) >= 5:
            iad[4] = verification_results
        terminal = b"".join(self._terminal_data.get(tag, b"") for tag in _CRYPTOGRAM_TAGS)
        key = emv_session_key(self.groupings[_KEYS][:16], atc)
        mac = retail_mac(key, terminal + aip + atc.to_bytes(2, "big") + iad)
        return encode(
            0x77,
            encode(0x9F27, bytes((kind,)))
            + encode(0x9F36, atc.to_bytes(2, "big"))
            + encode(0x9F26, mac)
            + encode(_ISSUER_APPLICATION_DATA, bytes(iad)),
        )

    def _from_records(self, tag: int) -> bytes | None:
        for record in self.emv_records():
            value = first(record, tag)
            if value is not None:
                return value
        return None

    def _get_data(self, command: Command) -> bytes:
        """EMV 4.3 Book 3, 6.5.7: ATC and PIN try counter."""
        command.require_length(0)
        tag = command.p1 << 8 | command.p2
        if tag == 0x9F36:
            return encode(tag, self.counters.get("atc", 0).to_bytes(2, "big"))
        if tag == 0x9F17 and _PIN in self.groupings:
            return encode(tag, bytes((self._pin_tries(),)))
        raise Refusal(Status.NO_REFERENCE)

    def _verify(self, command: Command) -> bytes:
        """EMV 4.3 Book 3, 6.5.12, plaintext PIN only."""
        command.require_p1_p2(0x00, 0x80)
        command.require_length(8)
        reference = self.groupings.get(_PIN)
        if reference is None:
            raise Refusal(Status.REFERENCE_UNUSABLE)
        tries = self._pin_tries()
        if tries == 0:
            raise Refusal(Status.BLOCKED)
        # The try is spent before the comparison, so that cutting the power gains nothing.
        self.counters["pin_tries"] = tries - 1
        if not compare_digest(reference[:8], command.data):
            raise Refusal(Status.VERIFY_FAILED | tries - 1)
        self.counters["pin_tries"] = self.groupings[_PIN_COUNTERS][1]
        return b""

    def _pin_tries(self) -> int:
        return self.counters.get("pin_tries", self.groupings[_PIN_COUNTERS][0])


def _well_formed_options(value: bytes) -> bool:
    aip, afl = first(value, 0x82), first(value, 0x94)
    return aip is not None and len(aip) == 2 and bool(afl) and len(afl or b"") % 4 == 0


def _well_formed_pin(value: bytes) -> bool:
    """One block of 8 octets, control field 2 (ISO 9564-1 format 2), padded for the cipher."""
    return len(value) == 16 and value[8:] == b"\x80" + bytes(7) and value[0] >> 4 == 2


def _keys_fit(groupings: dict[int, bytes]) -> bool:
    keys, check_values = groupings.get(_KEYS), groupings.get(_KEY_CHECK_VALUES)
    if keys is None or check_values is None:
        return True
    return check_values == b"".join(des_key_check_value(keys[at : at + 16]) for at in (0, 16, 32))


_WELL_FORMED: dict[int, Callable[[bytes], bool]] = {
    _GPO: _well_formed_options,
    _KEYS: lambda value: len(value) == 48,
    _KEY_CHECK_VALUES: lambda value: len(value) == 9,
    _PIN: _well_formed_pin,
    _PIN_COUNTERS: lambda value: len(value) == 2 and 1 <= value[0] <= value[1] <= 15,
}
