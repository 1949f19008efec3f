"""Logs as custody would write them, signed with keys of the test's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from nacl.signing import SigningKey

from cardwright.card import STATION_OF, Body, Card, Fact, Operation, Verb, apply, kind_of
from cardwright.card import events as e
from cardwright.custody.merkle import leaf_hash, paths
from cardwright.custody.statement import batch_payload
from cardwright.eventlog.codec import encode_event, encode_fact
from cardwright.eventlog.log import LogRow
from cardwright.proto.fact.v1 import fact_pb2

SITE = "site-1"
START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BADGE_ROUTE = (
    Operation.PRINT,
    Operation.ENCODE,
    Operation.INSPECT,
    Operation.PACK,
    Operation.DISPATCH,
)
SSCC = "340123450000000018"


def card_id(number: int) -> str:
    """A UUIDv7 whose time is fixed."""
    return str(UUID(f"01950000-0000-7000-8000-{number:012x}"))


def key_of(actor: str) -> SigningKey:
    return SigningKey(sha256(actor.encode()).digest())


class LogMaker:
    """Appends facts as custody does: in order, chained, each signed by who would say it."""

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.signers: set[str] = set()
        self._heads: dict[str, tuple[Card, int, bytes]] = {}

    @property
    def public_keys(self) -> dict[str, bytes]:
        return {f"sign/{actor}.{SITE}#1": bytes(key_of(actor).verify_key) for actor in self.signers}

    def card(self, stream_id: str) -> Card:
        return self._heads[stream_id][0]

    def add(self, stream_id: str, *bodies: Body) -> None:
        for body in bodies:
            self._append(stream_id, body)

    def _append(self, stream_id: str, body: Body) -> None:
        card, sequence, previous = self._heads.get(stream_id, (Card(stream_id), 0, b""))
        fact = self._fact(card, body, sequence)
        at = START + timedelta(seconds=len(self.rows))
        event = encode_event(stream_id, sequence + 1, previous, at, 1, sign(fact, at))
        self.signers.add(fact.actor)
        made = leaf_hash(event)
        position = len(self.rows) + 1
        self.rows.append(LogRow(position, stream_id, sequence + 1, kind_of(body), made, event))
        self._heads[stream_id] = (apply(card, fact), sequence + 1, made)

    def _fact(self, card: Card, body: Body, sequence: int) -> Fact:
        order_id, actor = card.order_id, "logistics"
        if isinstance(body, e.RequestAccepted | e.RequestRefused):
            order_id, actor = "", "request"
        elif isinstance(body, e.Command):
            order_id, actor = "", "operator"
        elif isinstance(body, e.Erased):
            order_id, actor = "", "retention"
        elif isinstance(body, e.DispatchPermitted | e.Parked):
            order_id, actor = "", "custody"
        elif isinstance(body, e.LotReceived | e.LotIssued):
            order_id = ""
        elif card.due is not None:
            actor = STATION_OF[card.due]
        fact_id = order_id or f"{card.card_id}/{sequence + 1}"
        return Fact(fact_id, card.card_id, order_id, actor, SITE, body)


def sign(fact: Fact, at: datetime) -> bytes:
    """Sign a fact in a batch of two, so that it has a path."""
    data = encode_fact(fact, at)
    root, inclusion = paths([leaf_hash(data), leaf_hash(b"another")])
    return fact_pb2.SignedFact(
        fact=data,
        signer=f"sign/{fact.actor}.{fact.site}#1",
        leaf_index=0,
        tree_size=2,
        path=inclusion[0],
        signature=key_of(fact.actor).sign(batch_payload(2, root)).signature,
    ).SerializeToString()


def accepted(number: int, issuer: str = "borealis-works") -> e.RequestAccepted:
    return e.RequestAccepted(issuer, f"request-{number:06d}", "employee-badge", 1)


def prepared(material: str = "pvc-dual") -> e.Prepared:
    return e.Prepared(1, BADGE_ROUTE, 2, material=material)


def life_of_a_badge(number: int, blank: str = "") -> list[Body]:
    """From request to dispatch."""
    blank = blank or f"B-{number:06d}"
    return [
        accepted(number),
        prepared(),
        e.Printed(blank, "printer-1"),
        e.Encoded(blank, "encoder-1", (2,)),
        e.Inspected(blank, passed=True),
        e.Packed(SSCC, 1),
        e.DispatchPermitted(SSCC),
        e.Dispatched(SSCC, b"permit"),
    ]


def life_with_a_remake(number: int) -> list[Body]:
    """The first blank fails inspection and is destroyed; the second leaves."""
    first, second = f"B-{number:06d}", f"C-{number:06d}"
    return [
        *life_of_a_badge(number)[:4],
        e.Inspected(first, passed=False, defects=("STRIPE_UNREADABLE",)),
        e.Destroyed(first, "shredder-1"),
        *life_of_a_badge(number, second)[2:],
    ]


def life_with_a_revocation(number: int) -> list[Body]:
    """Revoked while it is in the encoder: what exists of it is destroyed."""
    blank = f"B-{number:06d}"
    return [
        *life_of_a_badge(number)[:3],
        e.Command(Verb.REVOKE, "lost interest"),
        e.Encoded(blank, "encoder-1", (2,)),
        e.Destroyed(blank, "shredder-1"),
    ]


LIVES = (life_of_a_badge, life_with_a_remake, life_with_a_revocation)


def interleaved(lives: Sequence[tuple[str, list[Body]]]) -> Iterator[tuple[str, Body]]:
    """Go round the cards, an event each."""
    for step in range(max(len(bodies) for _, bodies in lives)):
        for stream_id, bodies in lives:
            if step < len(bodies):
                yield stream_id, bodies[step]


def shop_floor(cards: int) -> LogMaker:
    """A log of so many cards, of all lives, side by side."""
    log = LogMaker()
    lives = [(card_id(n), LIVES[n % len(LIVES)](n)) for n in range(cards)]
    for stream_id, body in interleaved(lives):
        log.add(stream_id, body)
    return log
