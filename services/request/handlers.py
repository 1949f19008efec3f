"""A batch of messages in, facts and dead letters out.

Opened and judged first, with no row locked; then each request id is claimed in one round trip, in
the caller's transaction; then the sensitive part of every new card goes to the vault. So a message
that comes again finds its first verdict, and its sensitive part, perhaps erased since, is not
written again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from uuid_utils.compat import uuid7

from cardwright.bus.message import Inbound
from cardwright.card.events import RequestAccepted, RequestRefused
from cardwright.proto.common.v1.common_pb2 import LANE_BATCH, LANE_EXPRESS
from cardwright.proto.request.v1.request_pb2 import IssuanceRequest, SensitiveData
from cardwright.secret import SecretBytes
from cardwright.station.intake import IntakeResult, NewDeadLetter, NewFact
from cardwright.station.ports import Transaction
from services.request.adapters.catalogue import Catalogue, RegisteredIssuer
from services.request.adapters.decoding import read_outer, read_sensitive, to_domain
from services.request.adapters.photo import classify_batch
from services.request.domain.claims import Claim, Held, Position, Repeated, Verdict
from services.request.domain.decide import accept_or_refuse, duplicate
from services.request.domain.model import Context, Photo, Refused
from services.request.errors import UndeliverableError

__all__ = ["Envelopes", "Ledger", "RequestHandler", "Vault"]

VAULT_SECTION = "request"
_TOPIC_PREFIX = "requests."


class Envelopes(Protocol):
    """Opens JWEs and checks the JWS inside."""

    async def open(
        self, sealed: Sequence[tuple[str, RegisteredIssuer]]
    ) -> Sequence[SecretBytes | UndeliverableError]:
        """Return each signed payload, or why there is none, in order."""


class Ledger(Protocol):
    """Grants request ids."""

    async def claim(self, claims: Sequence[Claim], tx: Transaction) -> Sequence[Held | Repeated]:
        """Answer each claim, in order."""


class Vault(Protocol):
    """Keeps sensitive data sealed."""

    async def put(self, section: str, items: Mapping[str, bytes]) -> None:
        """Seal and write each card's data."""


@dataclass(frozen=True, slots=True)
class _Incoming:
    message: Inbound
    outer: IssuanceRequest
    registered: RegisteredIssuer


@dataclass(frozen=True, slots=True)
class _Judged:
    incoming: _Incoming
    sensitive: SensitiveData | None
    verdict: Verdict


class RequestHandler:
    """The intake of the request service.

    Args:
        catalogue: products and issuers.
        envelopes: opens the sealed part.
        ledger: grants request ids.
        vault: takes the sensitive part.
        now: the clock.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        envelopes: Envelopes,
        ledger: Ledger,
        vault: Vault,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalogue = catalogue
        self._envelopes = envelopes
        self._ledger = ledger
        self._vault = vault
        self._now = now

    async def handle(self, messages: Sequence[Inbound], tx: Transaction) -> IntakeResult:
        """Judge every message; see ``cardwright.station.intake.Intake``."""
        dead: list[NewDeadLetter] = []
        incoming = self._attribute(messages, dead)
        opened = await self._open(incoming, dead)
        judged = await self._judge(opened)
        return IntakeResult(await self._record(judged, tx), dead)

    def _attribute(self, messages: Sequence[Inbound], dead: list[NewDeadLetter]) -> list[_Incoming]:
        attributed = []
        for message in messages:
            try:
                attributed.append(_Incoming(message, read_outer(message), self._issuer_of(message)))
            except UndeliverableError as error:
                dead.append(NewDeadLetter(message, error.code, error.detail))
        return attributed

    def _issuer_of(self, message: Inbound) -> RegisteredIssuer:
        registered = self._catalogue.issuers.get(message.topic.removeprefix(_TOPIC_PREFIX))
        if registered is None:
            raise UndeliverableError("ISSUER_UNKNOWN", "The topic is no registered issuer's")
        return registered

    async def _open(
        self, incoming: Sequence[_Incoming], dead: list[NewDeadLetter]
    ) -> list[tuple[_Incoming, SensitiveData | None]]:
        payloads = await self._envelopes.open(
            [(item.outer.sealed, item.registered) for item in incoming]
        )
        opened = []
        for item, payload in zip(incoming, payloads, strict=True):
            if isinstance(payload, UndeliverableError):
                dead.append(NewDeadLetter(item.message, payload.code, payload.detail))
            else:
                opened.append((item, read_sensitive(payload)))
        return opened

    async def _judge(
        self, opened: Sequence[tuple[_Incoming, SensitiveData | None]]
    ) -> list[_Judged]:
        photos = await classify_batch([part.photo if part else b"" for _, part in opened])
        now = self._now()
        return [
            _Judged(incoming, sensitive, self._verdict(incoming, sensitive, photo, now))
            for (incoming, sensitive), photo in zip(opened, photos, strict=True)
        ]

    def _verdict(
        self, incoming: _Incoming, sensitive: SensitiveData | None, photo: Photo, now: datetime
    ) -> Verdict:
        outer, issuer = incoming.outer, incoming.registered.issuer
        decision = accept_or_refuse(
            to_domain(outer, sensitive, photo), Context(issuer, self._catalogue.products, now)
        )
        if isinstance(decision, Refused):
            return self._refusal(incoming, decision)
        return RequestAccepted(
            issuer=issuer.name,
            request_id=outer.request_id,
            product=outer.product,
            lane=_lane(outer),
            rules=decision.rules,
            test_card=outer.test_card,
        )

    def _refusal(self, incoming: _Incoming, refused: Refused) -> RequestRefused:
        product = incoming.outer.product
        return RequestRefused(
            issuer=incoming.registered.issuer.name,
            request_id=incoming.outer.request_id,
            # What is no product's name may be anything, and must not travel on.
            product=product if product in self._catalogue.products else "",
            code=refused.code,
            detail=refused.detail,
        )

    async def _record(self, judged: Sequence[_Judged], tx: Transaction) -> list[NewFact]:
        if not judged:
            return []
        claimed = await self._ledger.claim([_claim(item) for item in judged], tx)
        pairs = list(zip(judged, claimed, strict=True))
        new_cards = {
            str(claim.stream_id): item.sensitive.SerializeToString()
            for item, claim in pairs
            if isinstance(claim, Held)
            and claim.new
            and isinstance(claim.verdict, RequestAccepted)
            and item.sensitive is not None
        }
        if new_cards:
            await self._vault.put(VAULT_SECTION, new_cards)
        return [self._fact(item.incoming, claim) for item, claim in pairs]

    def _fact(self, incoming: _Incoming, claim: Held | Repeated) -> NewFact:
        if isinstance(claim, Held):
            body = claim.verdict
        else:
            body = self._refusal(incoming, duplicate(same_content=claim.same_content))
        return NewFact(
            stream_id=str(claim.stream_id),
            body=body,
            lane_express=_lane(incoming.outer) == LANE_EXPRESS,
        )


def _lane(outer: IssuanceRequest) -> int:
    return LANE_EXPRESS if outer.lane == LANE_EXPRESS else LANE_BATCH


def _claim(judged: _Judged) -> Claim:
    message = judged.incoming.message
    return Claim(
        position=Position(message.topic, message.partition, message.offset),
        digest=hashlib.sha256(message.value).digest(),
        stream_id=UUID(bytes=uuid7().bytes),
        verdict=judged.verdict,
    )
