"""The module's console: custodians list and change keys here together, never over gRPC."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cardwright.hsm.port import HsmError
from services.keymanagement.module.ceremony.approvals import (
    Given,
    approve,
    require_approved,
    require_open,
)
from services.keymanagement.module.ceremony.check import check_journal
from services.keymanagement.module.ceremony.custodians import CUSTODIANS_FOLDER, make_custodian
from services.keymanagement.module.ceremony.folder import CEREMONIES_FOLDER, CeremonyFolder
from services.keymanagement.module.ceremony.minutes import MINUTES_FOLDER, read_minutes
from services.keymanagement.module.ceremony.proposal import Action, Proposal
from services.keymanagement.module.ceremony.run import Ceremony
from services.keymanagement.module.ceremony.terminal import TerminalDesk
from services.keymanagement.module.console.listing import described, tell
from services.keymanagement.module.inventory.counts import COUNTS_FILE, read_counts
from services.keymanagement.module.inventory.journal import JOURNAL_FILE, Journal, changing
from services.keymanagement.module.inventory.keeper import Store

__all__ = ["Console", "OpenStore"]

OpenStore = Callable[[Path], Store]
"""Opens the values of a keys' folder, for changes."""


_LISTED: Final = ("key", "usage", "algorithm", "kcv", "state", "environment", "expiry", "holders")


@dataclass(frozen=True, slots=True)
class Console:
    """One command at the console.

    Attributes:
        folder: the keys' folder.
        open_store: opens the values, only where a change is made.
        desk: where custodians come.
        as_json: print for programs.
    """

    folder: Path
    open_store: OpenStore
    desk: TerminalDesk
    as_json: bool

    def list(self, options: argparse.Namespace) -> None:
        """List keys, one a line."""
        uses = read_counts(self.folder / COUNTS_FILE)
        found = [
            described(record, uses)
            for record in self._journal().inventory.records()
            if record.key.label.startswith(options.prefix)
        ]
        tell(found, as_json=self.as_json, columns=_LISTED)

    def show(self, options: argparse.Namespace) -> None:
        """Show a key and all that happened to it."""
        journal = self._journal()
        record = journal.inventory.record(options.key)
        history = [
            {
                "entry": entry.number,
                "at": entry.at.isoformat(timespec="seconds"),
                "change": entry.change.kind.value,
                "state": entry.change.state.value,
                "custodians": list(entry.change.custodians),
                "minutes": entry.change.minutes.hex(),
                "reason": entry.change.reason,
            }
            for entry in journal.entries
            if entry.change.key.key_id == options.key
        ]
        uses = read_counts(self.folder / COUNTS_FILE)
        tell([{**described(record, uses), "history": history}], as_json=self.as_json)

    def verify(self, options: argparse.Namespace) -> None:  # noqa: ARG002  # a command's shape
        """Check the journal: entries, minutes and approvals."""
        checked = check_journal(self.folder, self._journal())
        found = {
            "entries": checked.entries,
            "ceremonies": checked.ceremonies,
            "by_itself": checked.by_itself,
            "head": checked.head.hex(),
        }
        tell([found], as_json=self.as_json)

    def minutes(self, options: argparse.Namespace) -> None:
        """Show minutes, checked."""
        journal = self._journal()
        for entry in journal.entries:
            if options.minutes and entry.change.minutes.hex().startswith(options.minutes):
                content = read_minutes(self.folder / MINUTES_FOLDER, journal, entry.change.minutes)
                tell([content], as_json=self.as_json)
                return
        raise HsmError("MINUTES_UNKNOWN", "The journal names no such minutes: see a key's history.")

    def ceremonies(self, options: argparse.Namespace) -> None:
        """List proposals that wait for approvals or execution."""
        journal, folder = self._journal(), self._ceremonies()
        found: list[Mapping[str, object]] = []
        for name in folder.names():
            try:
                proposal = require_open(folder.proposal(name), journal)
            except HsmError as error:
                if options.all:
                    found.append({"ceremony": name, "open": False, "code": error.code})
                continue
            found.append(self._told(name, proposal, folder.approvals(name)))
        tell(found, as_json=self.as_json)

    def custodian(self, options: argparse.Namespace) -> None:
        """Make a custodian's own key file; the others then enrol its public half."""
        passphrase = self.desk.passphrase(options.name)
        public = make_custodian(self.folder / CUSTODIANS_FOLDER, options.name, passphrase)
        tell([{"custodian": options.name, "public": public.hex()}], as_json=self.as_json)

    def propose(self, action: Action, options: argparse.Namespace) -> None:
        """Propose a change, have those at the console approve it, and do it if they are enough."""
        parameters = {
            name: str(value)
            for name in options.parameters
            if (value := getattr(options, name, None)) not in (None, "", False)
        }
        if options.activate_at_once:
            parameters["activate"] = "yes"
        if not options.by:
            raise HsmError("CUSTODIAN_NAME", "Say who proposes, and who approves: --by NAME.")
        journal = self._journal()
        proposal = Proposal.new(
            action, parameters, options.by[0], journal.beginning, options.reason
        )
        name = self._ceremonies().add(proposal.encode())
        self._approve_and_run(name, options.by)

    def approve(self, options: argparse.Namespace) -> None:
        """Approve a proposal; the one who completes the quorum has it done."""
        self._approve_and_run(options.ceremony, options.by)

    def _approve_and_run(self, name: str, custodians: Sequence[str]) -> None:
        folder = self._ceremonies()
        octets = folder.proposal(name)
        journal = self._journal()
        proposal = require_open(octets, journal)
        for custodian in custodians:
            folder.approve(name, approve(octets, self.desk.custodian(custodian)))
        given = folder.approvals(name)
        try:
            require_approved(octets, given, journal)
        except HsmError as error:
            if error.code != "APPROVALS_TOO_FEW":
                raise
            tell([self._told(name, proposal, given)], as_json=self.as_json)
            return
        self._run(name, octets, given)

    def _run(self, name: str, octets: bytes, given: Sequence[Given]) -> None:
        with changing(self.folder):
            journal = self._journal()
            ceremony = Ceremony(self.folder, self.open_store(self.folder), journal, self.desk)
            outcome = ceremony.run(octets, given)
        record = journal.inventory.record(outcome.key_id)
        told: dict[str, Any] = {
            "ceremony": name,
            **described(record, {}),
            "minutes": outcome.minutes.hex(),
        }
        if outcome.key_block:
            told["key_block"] = outcome.key_block
        tell([told], as_json=self.as_json)

    def _told(self, name: str, proposal: Proposal, given: Sequence[Given]) -> Mapping[str, object]:
        return {
            "ceremony": name,
            "open": True,
            "action": proposal.action.value,
            "parameters": dict(proposal.parameters),
            "proposer": proposal.proposer,
            "expires": proposal.expires,
            "reason": proposal.reason,
            "approvals": [each.custodian for each in given],
            "needed": self._journal().inventory.quorum,
        }

    def _journal(self) -> Journal:
        return Journal(self.folder / JOURNAL_FILE)

    def _ceremonies(self) -> CeremonyFolder:
        return CeremonyFolder(self.folder / CEREMONIES_FOLDER)
