"""Proposals: one change of keys in words, that custodians approve by signing its digest."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final, Self

from cardwright.hsm.port import HsmError

__all__ = ["LIFETIME", "Action", "Proposal", "approval_payload", "digest_of"]

LIFETIME: Final = timedelta(days=7)
"""A proposal that nobody executed by then has to be made anew."""

_FORMAT: Final = "cardwright-proposal-v1"
_PROPOSAL: Final = b"cardwright key ceremony, proposal\n"
_APPROVAL: Final = b"cardwright key ceremony, approval\n"


class Action(Enum):
    """What can be proposed."""

    GENERATE = "generate"
    IMPORT = "import"
    UNWRAP = "unwrap"
    EXPORT = "export"
    WRAP = "wrap"
    ROTATE = "rotate"
    ACTIVATE = "activate"
    SUSPEND = "suspend"
    DEACTIVATE = "deactivate"
    COMPROMISE = "compromise"
    DESTROY = "destroy"
    LIMIT = "limit"
    ENROL = "enrol"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of keys, as proposed.

    Attributes:
        action: what shall be done.
        parameters: with what; names and values are text.
        proposer: the custodian who proposes.
        journal: hash of the journal's first entry: it is for no other module.
        nonce: so that no two proposals are alike.
        created: when.
        expires: when it is too late.
        reason: in a few words.
    """

    action: Action
    parameters: Mapping[str, str]
    proposer: str
    journal: str
    nonce: str
    created: str
    expires: str
    reason: str

    @classmethod
    def new(  # a proposal's own fields
        cls,
        action: Action,
        parameters: Mapping[str, str],
        proposer: str,
        journal: bytes,
        reason: str,
    ) -> Self:
        """Propose something now."""
        now = datetime.now(UTC).replace(microsecond=0)
        return cls(
            action,
            dict(sorted(parameters.items())),
            proposer,
            journal.hex(),
            os.urandom(16).hex(),
            now.isoformat(),
            (now + LIFETIME).isoformat(),
            reason,
        )

    @property
    def expiry(self) -> datetime:
        """When it is too late."""
        return datetime.fromisoformat(self.expires)

    def encode(self) -> bytes:
        """Write it. What is signed are these octets, whatever wrote them."""
        document = {"format": _FORMAT, **asdict(self), "action": self.action.value}
        return json.dumps(document, indent=1).encode()

    @classmethod
    def parse(cls, octets: bytes) -> Self:
        """Read what was written.

        Raises:
            HsmError: PROPOSAL_MALFORMED.
        """
        try:
            document: dict[str, Any] = json.loads(octets)
            form = document.pop("format")
            proposal = cls(**{**document, "action": Action(document["action"])})
            _require_text(form, proposal)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise HsmError(
                "PROPOSAL_MALFORMED", f"This is no proposal of format {_FORMAT}."
            ) from None
        return proposal


def _require_text(form: object, proposal: Proposal) -> None:
    if form != _FORMAT:
        raise ValueError("another format")
    texts = [*proposal.parameters.items(), (proposal.proposer, proposal.reason)]
    if not all(isinstance(name, str) and isinstance(value, str) for name, value in texts):
        raise TypeError("parameters are text")
    bytes.fromhex(proposal.journal + proposal.nonce)
    if proposal.expiry.tzinfo is None:
        raise ValueError("times have their zone")


def digest_of(octets: bytes) -> bytes:
    """Return a proposal's SHA-256, by which it is approved, executed and remembered."""
    return sha256(_PROPOSAL + octets).digest()


def approval_payload(digest: bytes) -> bytes:
    """Build what a custodian signs to approve."""
    return _APPROVAL + digest
