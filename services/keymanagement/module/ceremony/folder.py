"""Proposals and approvals in files, so that custodians may come on different days."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cardwright.hsm.port import HsmError
from services.keymanagement.module.ceremony.approvals import Given
from services.keymanagement.module.ceremony.custodians import require_name
from services.keymanagement.module.ceremony.proposal import digest_of
from services.keymanagement.module.files import read_private, write_private

__all__ = ["CEREMONIES_FOLDER", "CeremonyFolder"]

CEREMONIES_FOLDER: Final = "ceremonies"
_PROPOSAL: Final = "proposal.json"
_SHOWN: Final = 12


class CeremonyFolder:
    """A folder a proposal: the proposal's octets, and a file an approval.

    Nothing here is trusted: what counts are the signatures over the octets' digest.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def add(self, octets: bytes) -> str:
        """File a proposal; returns its id, the beginning of its digest."""
        name = digest_of(octets).hex()[:_SHOWN]
        (self._path / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(self._path / name / _PROPOSAL, octets)
        return name

    def proposal(self, name: str) -> bytes:
        """Return a proposal's octets.

        Raises:
            HsmError: PROPOSAL_UNKNOWN.
        """
        if name not in set(self.names()):
            raise HsmError("PROPOSAL_UNKNOWN", "There is no such proposal: list the ceremonies.")
        return read_private(self._path / name / _PROPOSAL)

    def names(self) -> Iterator[str]:
        """Yield the ids of all proposals."""
        if self._path.exists():
            yield from sorted(
                each.name for each in self._path.iterdir() if (each / _PROPOSAL).exists()
            )

    def approve(self, name: str, given: Given) -> None:
        """File an approval."""
        require_name(given.custodian)
        document = {"custodian": given.custodian, "signature": given.signature.hex()}
        path = self._path / name / f"{given.custodian}.approval"
        write_private(path, json.dumps(document).encode())

    def approvals(self, name: str) -> list[Given]:
        """Return the approvals of a proposal, valid or not.

        Raises:
            HsmError: APPROVAL_INVALID, a file is none.
        """
        return [_approval(path) for path in sorted((self._path / name).glob("*.approval"))]


def _approval(path: Path) -> Given:
    try:
        document = json.loads(read_private(path))
        return Given(str(document["custodian"]), bytes.fromhex(document["signature"]))
    except (ValueError, KeyError, TypeError):
        raise HsmError("APPROVAL_INVALID", f"{path.name} is no approval: remove it.") from None
