"""Checks a journal as an auditor would: entries, minutes, and the approvals within."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from cardwright.hsm.port import HsmError
from services.keymanagement.module.ceremony.custodians import label_of
from services.keymanagement.module.ceremony.minutes import MINUTES_FOLDER, read_minutes
from services.keymanagement.module.ceremony.proposal import approval_payload
from services.keymanagement.module.inventory.inventory import Inventory
from services.keymanagement.module.inventory.journal import Entry, Journal

__all__ = ["Checked", "check_journal"]


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found intact.

    Attributes:
        entries: entries in the journal.
        ceremonies: changes that custodians approved, a minutes file each.
        by_itself: entries that the module wrote by itself: at its set-up, or for certificates.
        head: hash of the last entry, to be compared with what was published.
    """

    entries: int
    ceremonies: int
    by_itself: int
    head: bytes


def check_journal(folder: Path, journal: Journal) -> Checked:
    """Check everything that a journal, whose entries were verified as it was read, refers to.

    Raises:
        HsmError: FILE_MISSING or MINUTES_BROKEN; MINUTES_OTHER, minutes are of another change;
            APPROVALS_TOO_FEW, what was done lacked approvals.
    """
    then = Inventory()
    seen: set[bytes] = set()
    by_itself = 0
    for entry in journal.entries:
        if not entry.change.minutes:
            by_itself += 1
        elif entry.change.minutes not in seen:
            content = read_minutes(folder / MINUTES_FOLDER, journal, entry.change.minutes)
            _require_same(entry, content)
            _require_quorum(entry, content, then)
            seen.add(entry.change.minutes)
        then.apply(entry.change)
    return Checked(len(journal.entries), len(seen), by_itself, journal.head)


def _require_same(entry: Entry, content: Mapping[str, Any]) -> None:
    change = entry.change
    told = (content["key"], content["kcv"], content["proposal"])
    if told != (change.key.key_id, change.key.kcv.hex().upper(), change.proposal.hex()):
        raise HsmError(
            "MINUTES_OTHER", f"The minutes of entry {entry.number} are of another change."
        )


def _require_quorum(entry: Entry, content: Mapping[str, Any], then: Inventory) -> None:
    payload = approval_payload(entry.change.proposal)
    approved = {
        each["custodian"]
        for each in content["approvals"]
        if _signed(then, each["custodian"], payload, bytes.fromhex(each["signature"]))
    }
    if len(approved) < max(then.quorum, 1):
        raise HsmError(
            "APPROVALS_TOO_FEW",
            f"Entry {entry.number} had {len(approved)} valid approvals, {then.quorum} were needed.",
        )


def _signed(then: Inventory, name: str, payload: bytes, signature: bytes) -> bool:
    for record in then.versions(label_of(name)):
        try:
            VerifyKey(record.public).verify(payload, signature)
        except (BadSignatureError, ValueError):
            continue
        return True
    return False
