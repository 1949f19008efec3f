"""Whether a proposal may be executed: enough custodians, each counted once, now and here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from cardwright.hsm.port import HsmError
from services.keymanagement.module.ceremony.custodians import Custodian, require_name, signed_by
from services.keymanagement.module.ceremony.proposal import (
    Proposal,
    approval_payload,
    digest_of,
)
from services.keymanagement.module.inventory.journal import Journal

__all__ = ["Approved", "Given", "approve", "require_approved", "require_open"]


@dataclass(frozen=True, slots=True)
class Given:
    """One custodian's signature over a proposal's digest."""

    custodian: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Approved:
    """A proposal that may be executed, and by whose word."""

    proposal: Proposal
    digest: bytes
    approvals: tuple[Given, ...]

    @property
    def custodians(self) -> tuple[str, ...]:
        """Who approved, by name."""
        return tuple(each.custodian for each in self.approvals)


def approve(octets: bytes, custodian: Custodian) -> Given:
    """Approve a proposal, as it stands."""
    return Given(custodian.name, custodian.sign(approval_payload(digest_of(octets))))


def require_open(octets: bytes, journal: Journal) -> Proposal:
    """Return a proposal that could still be executed.

    Raises:
        HsmError: PROPOSAL_MALFORMED; PROPOSAL_FOREIGN, it was made for another module;
            PROPOSAL_EXPIRED; PROPOSAL_EXECUTED, it was done before.
    """
    proposal = Proposal.parse(octets)
    if proposal.journal != journal.beginning.hex():
        raise HsmError(
            "PROPOSAL_FOREIGN", "This proposal is for the keys of another module: make it there."
        )
    if datetime.now(UTC) >= proposal.expiry:
        raise HsmError("PROPOSAL_EXPIRED", "This proposal came too late: make it anew.")
    if journal.inventory.was_executed(digest_of(octets)):
        raise HsmError("PROPOSAL_EXECUTED", "This proposal was executed before: make another one.")
    return proposal


def require_approved(octets: bytes, given: Iterable[Given], journal: Journal) -> Approved:
    """Return a proposal with the approvals that it needs, each custodian's counted once.

    Raises:
        HsmError: as `require_open`; APPROVAL_INVALID, a signature is not that of an active
            custodian over this very proposal; APPROVALS_TOO_FEW.
    """
    proposal = require_open(octets, journal)
    digest = digest_of(octets)
    payload = approval_payload(digest)
    by_name: dict[str, Given] = {}
    for each in given:
        require_name(each.custodian)
        if not signed_by(journal.inventory, each.custodian, payload, each.signature):
            raise HsmError(
                "APPROVAL_INVALID",
                f"The approval by {each.custodian} is not an active custodian's of this proposal.",
            )
        by_name[each.custodian] = each
    quorum = journal.inventory.quorum
    if not quorum or len(by_name) < quorum:
        raise HsmError(
            "APPROVALS_TOO_FEW",
            f"{len(by_name)} custodians approved, {quorum} are needed: ask another.",
        )
    return Approved(proposal, digest, tuple(by_name[name] for name in sorted(by_name)))
