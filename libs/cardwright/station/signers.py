"""Whose signatures are taken: the signers' keys in the security module, as they are now."""

from __future__ import annotations

import time
from typing import Final

from cardwright.custody.statement import SignatureVerifier
from cardwright.hsm.port import SecurityModule

__all__ = ["Signers"]

# A deactivated key's facts may still be on their way; what a compromised key signed proves nothing.
_TRUSTED: Final = frozenset({"active", "suspended", "deactivated"})
_AT_MOST_EVERY: Final = 1.0  # seconds, however many unknown signers somebody makes up


class Signers:
    """Keeps a verifier's keys as the security module has them.

    Args:
        module: lists public keys.
        verifier: gets them.
    """

    def __init__(self, module: SecurityModule, verifier: SignatureVerifier) -> None:
        self._module = module
        self._verifier = verifier
        self._renewed = 0.0

    async def renew(self) -> None:
        """Ask for all keys again."""
        keys = await self._module.public_keys("sign/")
        self._verifier.renew({key.key_id: key.value for key in keys if key.state in _TRUSTED})
        self._renewed = time.monotonic()

    async def meet(self, signer: str) -> None:
        """Ask again if a signer is unknown: its key may have been rotated this very moment."""
        if self._verifier.knows(signer):
            return
        if time.monotonic() - self._renewed >= _AT_MOST_EVERY:
            await self.renew()
