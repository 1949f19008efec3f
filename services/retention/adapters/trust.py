"""Whether an event says what its signer said: nobody is erased by what somebody put on a topic."""

from __future__ import annotations

from cardwright.custody.statement import SignatureError, SignatureVerifier
from cardwright.eventlog.codec import LoggedEvent
from cardwright.station.signers import Signers

__all__ = ["Trust"]


class Trust:
    """Checks the facts in events against their signers' keys.

    Args:
        signers: fetches keys that are not known yet.
        verifier: has the keys.
    """

    def __init__(self, signers: Signers, verifier: SignatureVerifier) -> None:
        self._signers, self._verifier = signers, verifier

    async def check(self, event: LoggedEvent) -> None:
        """Check one event's fact.

        Raises:
            SignatureError: It is about another stream, by another signer than it names, or not
                what that one signed.
        """
        received, fact = event.received, event.fact
        if fact.stream_id != event.stream_id or not received.signer.startswith(
            f"sign/{fact.actor}.{fact.site}#"
        ):
            raise SignatureError("SIGNER_OTHER", "the fact names another stream, or another signer")
        await self._signers.meet(received.signer)
        self._verifier.check(
            received.signer,
            received.leaf,
            received.leaf_index,
            received.tree_size,
            received.path,
            received.signature,
        )
