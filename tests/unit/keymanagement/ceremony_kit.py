"""A bureau with three custodians, its journal, and a desk at which scripted people stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from nacl.signing import SigningKey

from cardwright.secret import SecretBytes
from services.keymanagement.module.ceremony.approvals import Given, approve
from services.keymanagement.module.ceremony.custodians import Custodian, custodian_key
from services.keymanagement.module.ceremony.proposal import Action, Proposal
from services.keymanagement.module.ceremony.run import Ceremony, Outcome
from services.keymanagement.module.inventory.inventory import Change, Terms
from services.keymanagement.module.inventory.journal import Journal
from services.keymanagement.module.inventory.keeper import Store
from services.keymanagement.module.inventory.lifecycle import ChangeKind, State
from services.keymanagement.module.keys import Key
from services.keymanagement.module.provision import beginnings
from services.keymanagement.module.provision import test_keys as make_keys
from services.keymanagement.module.software import SoftwareBackend
from tests.support.softhsm import House

NAMES = ("anna", "boris", "clara")
CUSTODIANS = {name: Custodian(name, SigningKey(bytes([n]) * 32)) for n, name in enumerate(NAMES)}
NEW = {"environment": "test", "owner": "acme"}


@dataclass
class Desk:
    """Scripted people: who comes in turn, what they enter, and what they were handed."""

    people: list[str] = field(default_factory=list)
    entered: Mapping[str, SecretBytes] = field(default_factory=dict)
    agree: bool = True
    handed: dict[str, SecretBytes] = field(default_factory=dict)
    compared: list[tuple[str, bytes]] = field(default_factory=list)

    def holder(self, number: int, count: int) -> Custodian:
        assert 1 <= number <= count
        return CUSTODIANS[self.people[number - 1]]

    def enter(self, custodian: Custodian, number: int) -> SecretBytes:
        assert number
        return self.entered[custodian.name]

    def confirm(self, custodian: Custodian, number: int, check_value: bytes) -> bool:
        assert number
        self.compared.append((custodian.name, check_value))
        return self.agree

    def hand_out(self, custodian: Custodian, number: int, component: SecretBytes) -> None:
        assert number
        self.handed[custodian.name] = component


def enrolment(custodian: Custodian) -> list[Change]:
    key = custodian_key(custodian.name, 1, custodian.public)
    terms = Terms("test", custodian.name)
    made = Change(key, ChangeKind.IMPORTED, State.PRE_ACTIVATION, terms, public=custodian.public)
    return [made, replace(made, kind=ChangeKind.ACTIVATED, state=State.ACTIVE, public=b"")]


class Bureau:
    """Keys with a journal; `do` is a whole ceremony.

    Args:
        folder: of the journal and of what ceremonies leave.
        house: tokens of SoftHSM to hold the keys; None for software.
    """

    def __init__(self, folder: Path, house: House | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        keys = make_keys(["aurora-bank"], ["site-1"])
        self.store: Store = SoftwareBackend(keys)
        if house is not None:
            house.put(keys)
            self.store = house.store
        self.journal = Journal(folder / "journal")
        self.desk = Desk()
        changes = beginnings(self.store.keys(), self.store)
        changes[1] = replace(changes[1], quorum=2)
        for custodian in CUSTODIANS.values():
            changes += enrolment(custodian)
        self.journal.append(changes, self.store.sign)

    def propose(self, action: Action, **parameters: str) -> bytes:
        proposal = Proposal.new(action, parameters, "anna", self.journal.beginning, "a test")
        return proposal.encode()

    def run(self, octets: bytes, given: Sequence[Given]) -> Outcome:
        return Ceremony(self.folder, self.store, self.journal, self.desk).run(octets, given)

    def do(self, action: Action, by: Sequence[str] = NAMES[:2], **parameters: str) -> Outcome:
        octets = self.propose(action, **parameters)
        return self.run(octets, [approve(octets, CUSTODIANS[name]) for name in by])

    def key(self, key_id: str) -> Key:
        return self.journal.inventory.record(key_id).key

    def value(self, key_id: str) -> SecretBytes:
        return self.store.value(self.key(key_id))

    def state(self, key_id: str) -> State:
        return self.journal.inventory.record(key_id).state
