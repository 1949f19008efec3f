"""From answers to sent facts: sign as one batch, file in a transaction, send."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cardwright.bus import Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import facts
from cardwright.station.intake import NewFact
from cardwright.station.ports import Answer
from cardwright.station.signing import FactSigner, Statement
from cardwright.station.work import Entry

__all__ = ["Outbox"]


class Outbox:
    """Signs and sends the facts of one station."""

    def __init__(self, signer: FactSigner, producer: Producer, source: str) -> None:
        self._signer = signer
        self._producer = producer
        self._source = source

    async def sign(
        self,
        answers: Sequence[Answer],
        express: Mapping[str, bool],
        traceparents: Mapping[str, str],
    ) -> list[Entry]:
        """Sign ``answers`` as one batch."""
        signed = await self._signer.sign(
            [
                Statement(
                    fact_id=answer.order_id,
                    stream_id=answer.order_id.rpartition(".")[0],
                    order_id=answer.order_id,
                    body=answer.body,
                    attachment=answer.attachment,
                )
                for answer in answers
            ]
        )
        return [
            Entry(
                answer.order_id,
                express.get(answer.order_id, False),
                traceparents.get(answer.order_id, ""),
                fact,
            )
            for answer, fact in zip(answers, signed, strict=True)
        ]

    async def sign_openings(
        self, facts: Sequence[NewFact], traceparents: Sequence[str]
    ) -> list[Entry]:
        """Sign facts that open streams: they answer no order, so theirs is turn 0 of the card."""
        signed = await self._signer.sign(
            [Statement(f"{fact.stream_id}.0", fact.stream_id, "", fact.body) for fact in facts]
        )
        return [
            Entry(f"{fact.stream_id}.0", fact.lane_express, trace, message)
            for fact, trace, message in zip(facts, traceparents, signed, strict=True)
        ]

    async def sign_unasked(self, statements: Sequence[Statement]) -> list[Entry]:
        """Sign facts that answer no order; the id of each begins with its stream and a dot."""
        signed = await self._signer.sign(statements)
        return [
            Entry(statement.fact_id, express=False, traceparent="", fact=fact)
            for statement, fact in zip(statements, signed, strict=True)
        ]

    async def send(self, entries: Sequence[Entry]) -> None:
        """Put the facts on the bus. A failure is no loss: what is filed is sent again."""
        await self._producer.send(
            Outbound(
                facts(express=entry.express),
                entry.order_id.rpartition(".")[0],
                entry.fact,
                headers("cardwright.fact.v1", self._source, entry.order_id, entry.traceparent),
            )
            for entry in entries
        )
