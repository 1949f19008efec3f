"""Executes what custodians approved: one proposal, once, with minutes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from cardwright.cipher import BlockCipher
from cardwright.hsm.port import HsmError
from cardwright.keyblock.binding import ClearVariantKey
from cardwright.keyblock.fields import Exportability
from cardwright.secret import SecretBytes
from services.keymanagement.module import keyblocks
from services.keymanagement.module.ceremony.approvals import Approved, Given, require_approved
from services.keymanagement.module.ceremony.custodians import (
    active_custodians,
    custodian_key,
    label_of,
    require_name,
)
from services.keymanagement.module.ceremony.desk import ComponentDesk
from services.keymanagement.module.ceremony.minutes import MINUTES_FOLDER, write_minutes
from services.keymanagement.module.ceremony.parameters import Parameters
from services.keymanagement.module.ceremony.parts import Part, call_holders, gather, hand_out
from services.keymanagement.module.ceremony.proposal import Action
from services.keymanagement.module.inventory.journal import SIGNER, Journal
from services.keymanagement.module.inventory.keeper import Approval, Keeper, Store
from services.keymanagement.module.inventory.lifecycle import ChangeKind
from services.keymanagement.module.keys import Algorithm, Family, Key, Usage
from services.keymanagement.module.values import check_value

__all__ = ["Ceremony", "Outcome"]

_OVERLAP: Final = timedelta(days=30)
"""How long the version before goes on, for cards and stations that name it."""
_OLD_VERSIONS: Final = ("A", "C")
_KINDS: Final = {
    Action.ACTIVATE: ChangeKind.ACTIVATED,
    Action.SUSPEND: ChangeKind.SUSPENDED,
    Action.DEACTIVATE: ChangeKind.DEACTIVATED,
    Action.COMPROMISE: ChangeKind.COMPROMISED,
    Action.DESTROY: ChangeKind.DESTROYED,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a proposal.

    Attributes:
        key_id: the key that was changed.
        minutes: SHA-256 of the minutes.
        key_block: where a key was wrapped.
    """

    key_id: str
    minutes: bytes
    key_block: str = ""


class Ceremony:
    """Executes proposals. Whoever calls holds the journal's lock.

    Args:
        folder: the keys' folder, for minutes.
        store: holds the values.
        journal: tells of them.
        desk: where components are entered and handed out.
    """

    def __init__(self, folder: Path, store: Store, journal: Journal, desk: ComponentDesk) -> None:
        self._folder = folder
        self._store = store
        self._journal = journal
        self._desk = desk

    def run(self, octets: bytes, given: Iterable[Given]) -> Outcome:
        """Execute a proposal.

        Args:
            octets: the proposal, as it was approved.
            given: the approvals.

        Raises:
            HsmError: as `require_approved`, PROPOSAL_PARAMETER, or a code of the change itself;
                then nothing was changed.
        """
        approved = require_approved(octets, given, self._journal)
        return _Run(self._folder, self._store, self._journal, self._desk, approved).execute()


class _Run:
    """One execution: the change, and what the minutes must say of it."""

    def __init__(
        self, folder: Path, store: Store, journal: Journal, desk: ComponentDesk, approved: Approved
    ) -> None:
        self._folder, self._store, self._journal = folder, store, journal
        self._desk, self._approved = desk, approved
        self._parameters = Parameters(approved.proposal.parameters)
        self._parts: list[Part] = []
        self._key_block = ""
        self._minutes = b""
        approval = Approval(
            approved.custodians, approved.digest, approved.proposal.reason, self._minuted
        )
        self._keeper = Keeper(store, journal, approval)

    def execute(self) -> Outcome:
        action = self._approved.proposal.action
        if action in _KINDS:
            key_id = self._parameters.text("key")
            self._require_custodians_left(key_id, action)
            self._keeper.change(key_id, _KINDS[action])
        else:
            key_id = _ACTIONS[action](self)
        if self._parameters.flag("activate"):
            self._keeper.change(key_id, ChangeKind.ACTIVATED)
        return Outcome(key_id, self._minutes, self._key_block)

    def generate(self) -> str:
        usage, algorithm = self._parameters.kind()
        key = self._keeper.generate(
            self._parameters.label(), usage, algorithm, self._parameters.terms()
        )
        return key.key_id

    def bring_in(self) -> str:
        """Import from components."""
        usage, algorithm = self._parameters.kind()
        count, terms = self._parameters.number("components"), self._parameters.terms()
        value, self._parts = gather(
            self._desk, self._journal.inventory, self._approved.digest, algorithm, count
        )
        self._require_check_value(algorithm, value)
        holders = [part.holder for part in self._parts]
        key = self._keeper.bring_in(
            self._parameters.label(), usage, algorithm, value, terms, holders=holders
        )
        return key.key_id

    def unwrap(self) -> str:
        """Import from a key block."""
        block = self._parameters.text("block")
        kbpk = self._protection(reading=block[:1])
        usage, algorithm, value, exportability = keyblocks.from_block(kbpk, block)
        terms = replace(
            self._parameters.terms(), exportable=exportability is not Exportability.NONE
        )
        self._key_block = block
        label = self._parameters.label()
        return self._keeper.bring_in(label, usage, algorithm, value, terms).key_id

    def export(self) -> str:
        """Export as components: told before the first is shown, and who holds them after."""
        record, value = self._keeper.value(self._parameters.text("key"))
        inventory, digest = self._journal.inventory, self._approved.digest
        holders = call_holders(self._desk, inventory, digest, self._parameters.number("components"))
        self._keeper.change(record.key.key_id, ChangeKind.EXPORTED)
        self._minutes = b""  # the second entry has minutes of its own, with the components
        self._parts = hand_out(self._desk, inventory, digest, record.key.algorithm, value, holders)
        names = [part.holder for part in self._parts]
        self._keeper.change(record.key.key_id, ChangeKind.EXPORTED, holders=names)
        return record.key.key_id

    def wrap(self) -> str:
        """Export in a key block."""
        record, value = self._keeper.value(self._parameters.text("key"))
        kbpk = self._protection()
        exportability = self._parameters.one_of("exportability", Exportability, Exportability.NONE)
        header = keyblocks.header_of(record.key, kbpk, exportability)
        self._key_block = keyblocks.to_block(kbpk, header, value)
        self._keeper.change(record.key.key_id, ChangeKind.EXPORTED)
        return record.key.key_id

    def rotate(self) -> str:
        until = self._parameters.moment("overlap_until")
        if until is None and not self._parameters.flag("at_once"):
            until = datetime.now(UTC).replace(microsecond=0) + _OVERLAP
        return self._keeper.rotate(self._parameters.label(), overlap_until=until).key_id

    def limit(self) -> str:
        record = self._journal.inventory.record(self._parameters.text("key"))
        terms = self._parameters.terms(record.terms)
        return self._keeper.change(record.key.key_id, ChangeKind.LIMITED, terms=terms).key.key_id

    def enrol(self) -> str:
        """Take up a custodian."""
        name = self._parameters.text("custodian")
        require_name(name)
        public = self._parameters.octets("public", 32)
        version = self._journal.inventory.next_version(label_of(name))
        key = custodian_key(name, version, public)
        self._keeper.enrol(key, public, self._parameters.terms())
        return key.key_id

    def quorum(self) -> str:
        signer = self._journal.inventory.newest(SIGNER)
        quorum = self._parameters.number("quorum")
        if quorum > len(active_custodians(self._journal.inventory)):
            raise HsmError("CUSTODIANS_TOO_FEW", "There are not so many custodians: enrol some.")
        self._keeper.change(signer.key_id, ChangeKind.LIMITED, quorum=quorum)
        return signer.key_id

    def _require_custodians_left(self, key_id: str, action: Action) -> None:
        """Refuse to leave fewer custodians than a quorum: nobody could change anything any more."""
        inventory = self._journal.inventory
        if action is Action.ACTIVATE or not key_id.startswith(label_of("")):
            return
        leaving = key_id.rpartition("#")[0]
        left = [name for name in active_custodians(inventory) if label_of(name) != leaving]
        if len(left) < inventory.quorum:
            raise HsmError(
                "CUSTODIANS_TOO_FEW", f"{len(left)} custodians would be left: enrol another first."
            )

    def _protection(self, reading: str = "") -> BlockCipher:
        """Return the key block protection key; reading the old versions needs its value."""
        inventory = self._journal.inventory
        kbpk = inventory.newest(self._parameters.text("kbpk"))
        if kbpk.usage is not Usage.KEY_ENCRYPTION:
            raise HsmError("KEY_USAGE", f"{kbpk.key_id} protects no key blocks.")
        if reading in _OLD_VERSIONS and kbpk.algorithm.family is Family.TDES:
            return ClearVariantKey(self._store.value(kbpk))
        return self._store.cipher(kbpk)

    def _require_check_value(self, algorithm: Algorithm, value: SecretBytes) -> None:
        """Compare the whole key's check value with the one that its owner told, if it did."""
        told = self._parameters.get("kcv")
        if told and told.upper() != check_value(algorithm, value).hex().upper():
            raise HsmError(
                "COMPONENT_KCV",
                "These components make another key than its owner told: check them.",
            )

    def _minuted(self, key: Key) -> bytes:
        """Write the minutes with the first entry; those that follow name the same."""
        if not self._minutes:
            self._minutes = write_minutes(
                self._folder / MINUTES_FOLDER, self._journal, self._store.sign, self._content(key)
            )
        return self._minutes

    def _content(self, key: Key) -> Mapping[str, Any]:
        proposal = self._approved.proposal
        parameters = {name: value for name, value in proposal.parameters.items() if name != "block"}
        return {
            "format": "cardwright-minutes-v1",
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "journal": self._journal.beginning.hex(),
            "after": self._journal.head.hex(),
            "action": proposal.action.value,
            "parameters": parameters,
            "reason": proposal.reason,
            "proposal": self._approved.digest.hex(),
            "proposed": proposal.created,
            "proposer": proposal.proposer,
            "approvals": [
                {"custodian": each.custodian, "signature": each.signature.hex()}
                for each in self._approved.approvals
            ],
            "key": key.key_id,
            "usage": key.usage.value,
            "algorithm": str(key.algorithm),
            "kcv": key.kcv.hex().upper(),
            "components": _told(self._parts),
            "key_block": sha256(self._key_block.encode()).hexdigest() if self._key_block else "",
        }


_ACTIONS: Final[Mapping[Action, Callable[[_Run], str]]] = {
    Action.GENERATE: _Run.generate,
    Action.IMPORT: _Run.bring_in,
    Action.UNWRAP: _Run.unwrap,
    Action.EXPORT: _Run.export,
    Action.WRAP: _Run.wrap,
    Action.ROTATE: _Run.rotate,
    Action.LIMIT: _Run.limit,
    Action.ENROL: _Run.enrol,
    Action.QUORUM: _Run.quorum,
}


def _told(parts: Sequence[Part]) -> list[dict[str, str]]:
    return [
        {
            "holder": part.holder,
            "kcv": part.check_value.hex().upper(),
            "signature": part.signature.hex(),
        }
        for part in parts
    ]
