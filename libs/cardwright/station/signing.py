"""Signing what is sent together: one signature a batch, over the Merkle root of its facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from cardwright.card import Body, Fact
from cardwright.custody.merkle import leaf_hash, paths
from cardwright.custody.statement import batch_payload
from cardwright.eventlog.codec import encode_fact
from cardwright.hsm.port import SecurityModule
from cardwright.proto.fact.v1 import fact_pb2

__all__ = ["FactSigner", "Statement"]


@dataclass(frozen=True, slots=True)
class Statement:
    """A fact to be: everything but who says it, where and when."""

    fact_id: str
    stream_id: str
    order_id: str
    body: Body
    attachment: bytes = b""


class FactSigner:
    """Signs for one actor at one site, with the actor's own key in the security module."""

    def __init__(self, module: SecurityModule, actor: str, site: str) -> None:
        self._module = module
        self._actor = actor
        self._site = site

    async def sign(self, statements: Sequence[Statement]) -> list[bytes]:
        """Return a serialized FactMessage a statement, in order."""
        signed = await self.sign_facts(statements)
        return [
            fact_pb2.FactMessage(
                signed_fact=item, attachment=statement.attachment
            ).SerializeToString()
            for item, statement in zip(signed, statements, strict=True)
        ]

    async def sign_facts(self, statements: Sequence[Statement]) -> list[bytes]:
        """Return a serialized SignedFact a statement, in order; attachments only as digests."""
        if not statements:
            return []
        now = datetime.now(UTC)
        facts = [self._encode(statement, now) for statement in statements]
        root, inclusion = paths([leaf_hash(fact) for fact in facts])
        made = await self._module.sign([batch_payload(len(facts), root)])
        return [
            fact_pb2.SignedFact(
                fact=fact,
                signer=made.key_id,
                leaf_index=index,
                tree_size=len(facts),
                path=path,
                signature=made.signatures[0],
            ).SerializeToString()
            for index, (fact, path) in enumerate(zip(facts, inclusion, strict=True))
        ]

    def _encode(self, statement: Statement, now: datetime) -> bytes:
        fact = Fact(
            statement.fact_id,
            statement.stream_id,
            statement.order_id,
            self._actor,
            self._site,
            statement.body,
        )
        return encode_fact(fact, now, statement.attachment)
