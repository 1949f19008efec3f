"""Directories of payment applications: PSE for contacts, PPSE for the antenna."""

from __future__ import annotations

from cardwright.chip.apdu import Handlers, Refusal, Status
from cardwright.chip.applet import Applet
from cardwright.chip.tlv import first, read_tlvs

__all__ = ["PPSE", "PSE", "DirectoryApplet"]

PSE, PPSE = b"1PAY.SYS.DDF01", b"2PAY.SYS.DDF01"

_FCI = 0x9102
_ENTRY, _NAME, _FILE = 0x61, 0x4F, 0x88


class DirectoryApplet(Applet):
    """Groupings: 9102 (A5), and for a PSE the records of the file that 88 within A5 names.

    A PSE's records hold entries 61 in template 70 (EMV 4.4 Book 1, 12.2.3); a PPSE has them within
    its A5, in BF0C (EMV Contactless Book B, 3.3). Each entry names an application (4F).
    """

    PACKAGE = b"\xf0CWDIR"
    MODULE = b"\xf0CWDIR\x01"
    ENCRYPTED = frozenset[int]()

    def handlers(self) -> Handlers:
        """READ RECORD alone."""
        return {}

    def check(self, _grouping: int, _value: bytes) -> None:
        """There are no other groupings."""
        raise Refusal(Status.NO_REFERENCE)

    def complete(self) -> bool:
        """Whether SELECT and the records lead to an application."""
        proprietary = first(self.groupings.get(_FCI, b""), 0xA5)
        if proprietary is None:
            return False
        if self.aid == PPSE:
            return _has_entries(first(proprietary, 0xBF0C) or b"", others=True)
        file = first(proprietary, _FILE) or b""
        records = self.emv_records()
        in_file = {each >> 8 for each in self.groupings if each != _FCI} == set(file)
        return in_file and all(map(_has_entries, records))

    def reset(self) -> None:
        """Nothing lasts only while the directory is selected."""


def _has_entries(template: bytes, *, others: bool = False) -> bool:
    objects = read_tlvs(template)
    entries = [value for tag, value in objects if tag == _ENTRY]
    only = others or len(entries) == len(objects)
    return (
        bool(entries)
        and only
        and all(5 <= len(first(each, _NAME) or b"") <= 16 for each in entries)
    )
