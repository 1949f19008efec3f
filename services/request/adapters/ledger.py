"""The service's own database: which message holds which request id."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from asyncpg import Record

from cardwright.card.events import RequestAccepted, RequestRefused
from cardwright.station.ports import Transaction
from services.request.domain.claims import Claim, Held, Repeated, Verdict

__all__ = ["PostgresLedger"]

_CLAIM = files(__package__).joinpath("claim.sql").read_text("utf-8")


class PostgresLedger:
    """Request ids in ``cardwright_request``; see migrations/0001_request.sql."""

    async def claim(self, claims: Sequence[Claim], tx: Transaction) -> list[Held | Repeated]:
        """Grant each request id to the first message that uses it; answers in order."""
        columns = zip(*map(_row, claims), strict=True)
        return [_answer(record) for record in await tx.fetch(_CLAIM, *map(list, columns))]


def _row(claim: Claim) -> tuple[object, ...]:
    verdict, position = claim.verdict, claim.position
    if isinstance(verdict, RequestAccepted):
        lane, code, detail, rules = verdict.lane, "", "", " ".join(verdict.rules)
        test_card = verdict.test_card
    else:
        lane, code, detail, rules = 0, verdict.code, verdict.detail, ""
        test_card = False
    where = (position.topic, position.partition, position.offset, claim.digest)
    what = (verdict.product, lane, code, detail, rules, test_card)
    return (verdict.issuer, verdict.request_id, claim.stream_id, *where, *what)


def _answer(record: Record) -> Held | Repeated:
    if not record["holds"]:
        return Repeated(record["stream_id"], record["same_content"])
    return Held(record["stream_id"], _verdict(record), record["new"])


def _verdict(record: Record) -> Verdict:
    issuer, request_id, product = (record[name] for name in ("issuer", "request_id", "product"))
    if record["code"]:
        return RequestRefused(issuer, request_id, product, record["code"], record["detail"])
    rules = tuple(record["rules"].split())
    return RequestAccepted(issuer, request_id, product, record["lane"], rules, record["test_card"])
