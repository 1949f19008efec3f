"""Data preparation's tables in Postgres; every method is one statement for the whole batch."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from cardwright.station.ports import Transaction
from services.dataprep.ports import Allocation, Claim, Wanted, WantedCredential

__all__ = ["PostgresRegistry"]

# Cards that were here before keep what they have; for the others the counters of all issuers of the
# batch move in one go. Issuers are locked in one order, so that two batches can't wait for each
# other. Within an issuer the lowest card id, the oldest card, gets the lowest index.
_ALLOCATE = """
WITH wanted AS (
    SELECT * FROM unnest($1::uuid[], $2::text[], $3::boolean[], $4::text[], $5::text[])
        AS w(card_id, issuer, number, sequence_number, expiry)
), known AS (
    SELECT a.* FROM allocation AS a JOIN wanted USING (card_id)
), fresh AS (
    SELECT w.*, CASE WHEN w.number
        THEN count(*) FILTER (WHERE w.number) OVER (PARTITION BY issuer ORDER BY card_id DESC)
        END AS rank
    FROM wanted AS w WHERE NOT EXISTS (SELECT FROM known WHERE known.card_id = w.card_id)
), taken AS (
    INSERT INTO pan_counter AS c (issuer, next)
    SELECT issuer, count(*) FROM fresh WHERE number GROUP BY issuer ORDER BY issuer
    ON CONFLICT (issuer) DO UPDATE SET next = c.next + excluded.next
    RETURNING issuer, next
), made AS (
    INSERT INTO allocation (card_id, issuer, range_index, sequence_number, expiry)
    SELECT card_id, issuer, next - rank, sequence_number, expiry
    FROM fresh LEFT JOIN taken USING (issuer)
    RETURNING *
)
SELECT card_id, range_index, sequence_number, expiry FROM known
UNION ALL SELECT card_id, range_index, sequence_number, expiry FROM made
"""

# As above, but the numbers themselves are kept: an issuer's range may be moved, and a number stays
# taken wherever the range begins now. What lies above the range is not given; the counter, having
# passed it, leaves it unused.
_CREDENTIALS = """
WITH wanted AS (
    SELECT * FROM unnest(
        $1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[]
    ) AS w(card_id, issuer, format, facility, first, last)
), known AS (
    SELECT w.card_id, max(c.number) AS number
    FROM credential AS c JOIN wanted AS w USING (card_id, issuer, format, facility)
    WHERE c.number BETWEEN w.first AND w.last GROUP BY w.card_id
), fresh AS (
    SELECT w.*, row_number() OVER (PARTITION BY issuer, format, facility ORDER BY card_id DESC)
        AS rank
    FROM wanted AS w WHERE NOT EXISTS (SELECT FROM known WHERE known.card_id = w.card_id)
), taken AS (
    INSERT INTO credential_counter AS c (issuer, format, facility, next, given)
    SELECT issuer, format, facility, min(first) + count(*), count(*)
    FROM fresh GROUP BY issuer, format, facility ORDER BY issuer, format, facility
    ON CONFLICT (issuer, format, facility) DO UPDATE SET
        next = greatest(c.next, excluded.next - excluded.given) + excluded.given,
        given = c.given + excluded.given
    RETURNING issuer, format, facility, next
), made AS (
    INSERT INTO credential (card_id, issuer, format, facility, number)
    SELECT card_id, issuer, format, facility, next - rank
    FROM fresh JOIN taken USING (issuer, format, facility)
    WHERE next - rank <= last
    RETURNING card_id, number
)
SELECT card_id, number FROM known UNION ALL SELECT card_id, number FROM made
"""

# Inserted in the order of the unique key, so that two batches can't wait for each other.
_CLAIM = """
WITH wanted AS (
    SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::uuid[]) WITH ORDINALITY
        AS w(pan_digest, sequence_number, expiry, card_id, place)
), claimed AS (
    INSERT INTO live_card (pan_digest, sequence_number, expiry, card_id)
    SELECT pan_digest, sequence_number, expiry, card_id FROM wanted
    ORDER BY pan_digest, sequence_number, expiry, place
    ON CONFLICT DO NOTHING
    RETURNING card_id
)
SELECT card_id FROM claimed
UNION SELECT card_id FROM live_card JOIN wanted
    USING (pan_digest, sequence_number, expiry, card_id)
"""

_OPEN_CASES = """
INSERT INTO exception_case (card_id, code) SELECT * FROM unnest($1::uuid[], $2::text[])
ON CONFLICT DO NOTHING
"""


class PostgresRegistry:
    """``services.dataprep.ports.Registry`` on the tables of ``migrations/``."""

    async def allocate(self, tx: Transaction, wanted: Sequence[Wanted]) -> dict[str, Allocation]:
        """Return each card's allocation, by card id; the same one every time."""
        if not wanted:
            return {}
        rows = await tx.fetch(
            _ALLOCATE,
            [uuid.UUID(card.card_id) for card in wanted],
            [card.issuer for card in wanted],
            [card.number for card in wanted],
            [card.sequence_number for card in wanted],
            [card.expiry for card in wanted],
        )
        return {
            str(card_id): Allocation(index, sequence_number, expiry)
            for card_id, index, sequence_number, expiry in rows
        }

    async def credentials(
        self, tx: Transaction, wanted: Sequence[WantedCredential]
    ) -> dict[str, int]:
        """Return each badge's card number, by card id; the same one every time."""
        if not wanted:
            return {}
        rows = await tx.fetch(
            _CREDENTIALS,
            [uuid.UUID(card.card_id) for card in wanted],
            [card.issuer for card in wanted],
            [card.format for card in wanted],
            [card.facility for card in wanted],
            [card.first for card in wanted],
            [card.last for card in wanted],
        )
        return {str(card_id): number for card_id, number in rows}

    async def claim(self, tx: Transaction, claims: Sequence[Claim]) -> set[str]:
        """Return the cards that hold what they claim, since now or since an earlier preparation."""
        if not claims:
            return set()
        rows = await tx.fetch(
            _CLAIM,
            [item.pan_digest for item in claims],
            [item.sequence_number for item in claims],
            [item.expiry for item in claims],
            [uuid.UUID(item.card_id) for item in claims],
        )
        return {str(row["card_id"]) for row in rows}

    async def open_cases(self, tx: Transaction, codes: Mapping[str, str]) -> None:
        """Record what a person has to decide about: card id to code."""
        if codes:
            card_ids = [uuid.UUID(card_id) for card_id in codes]
            await tx.execute(_OPEN_CASES, card_ids, list(codes.values()))
