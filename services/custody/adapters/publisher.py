"""From committed events and due orders to messages on the bus."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from cardwright.bus import Outbound, Producer
from cardwright.bus.message import headers
from cardwright.bus.topics import EVENTS, orders, outcomes
from cardwright.card import Card, Fact, Operation
from cardwright.eventlog.codec import ReceivedFact
from cardwright.proto.outcome.v1 import outcome_pb2
from cardwright.proto.work.v1 import work_pb2
from cardwright.station.messages import encode_order
from cardwright.station.ports import WorkOrder
from cardwright.telemetry import traceparent_of
from services.custody.domain.control import Handout
from services.custody.domain.outcomes import outcome_of

__all__ = ["Publisher"]

_SOURCE = "custody"
_WITHOUT_MAIL = frozenset({"operator", "custody"})


class Publisher:
    """Builds and sends what custody says: events, outcomes, orders and acknowledgements."""

    def __init__(self, producer: Producer, site: str, trace_ratio: float) -> None:
        self._producer = producer
        self._site = site
        self._ratio = trace_ratio

    async def send(self, messages: Iterable[Outbound]) -> None:
        """Send; on failure send all of them again, since every reader drops what it has seen."""
        await self._producer.send(messages)

    def event(
        self, position: int, stream_id: str, kind: str, body: bytes, traceparent: str = ""
    ) -> Outbound:
        """Publish an event as it is stored, with its position beside it."""
        made = headers(f"cardwright.event.{kind}", _SOURCE, str(position), traceparent)
        return Outbound(EVENTS, stream_id, body, (*made, ("cwposition", b"%d" % position)))

    def outcome(
        self, card: Card, sequence: int, at: datetime, fact: Fact, issued: bytes = b""
    ) -> list[Outbound]:
        """Tell the issuer what it should know of ``fact``, which left ``card``; often nothing."""
        told = outcome_of(card, fact)
        if told is None or not card.issuer:
            return []
        message = outcome_pb2.Outcome(
            issuer=card.issuer,
            request_id=card.request_id,
            card_id=card.card_id,
            sequence=sequence,
            kind=outcome_pb2.OutcomeKind.Name(told.kind),
            code=told.code,
            detail=told.detail,
            recorded_at=at,
            issued_values=issued.decode("ascii"),
        )
        made = headers("cardwright.outcome.v1", _SOURCE, f"{card.card_id}.{sequence}")
        return [Outbound(outcomes(card.issuer), card.request_id, message.SerializeToString(), made)]

    def order(self, handout: Handout, permit: bytes, traceparent: str = "") -> Outbound:
        """Hand out an order, or withdraw it."""
        card, operation = handout.card, handout.step.operation
        order = WorkOrder(
            order_id=card.order_id,
            card_id=card.card_id,
            operation=operation,
            attempt=card.attempt,
            issuer=card.issuer,
            request_id=card.request_id,
            product=card.product,
            product_version=card.product_version,
            express=card.express,
            blank_serial=card.blank_serial,
            sscc=card.sscc,
            permit=permit if operation is Operation.DISPATCH else b"",
            waived=card.waived,
            test_card=card.test_card,
            cplc=card.cplc,
            atc=card.atc,
        )
        cancel = handout.cancels
        topic = orders(handout.station, self._site, express=card.express)
        trace = traceparent or traceparent_of(card.card_id, self._ratio)
        made = headers("cardwright.order.v1", _SOURCE, card.order_id, trace)
        return Outbound(topic, card.card_id, encode_order(order, cancel=cancel), made)

    def acknowledgements(self, facts: Iterable[ReceivedFact]) -> list[Outbound]:
        """Tell each station which of its facts it can forget, in one message a station."""
        by_station: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for received in facts:
            fact = received.fact
            if fact.actor not in _WITHOUT_MAIL:
                by_station[fact.actor, fact.site].append(fact.fact_id)
        return [
            Outbound(
                orders(actor, site),
                ids[0],
                work_pb2.StationMessage(
                    logged=work_pb2.FactsLogged(order_ids=ids)
                ).SerializeToString(),
                headers("cardwright.logged.v1", _SOURCE, f"{ids[0]}+{len(ids)}"),
            )
            for (actor, site), ids in by_station.items()
        ]
