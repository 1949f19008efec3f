-- What erasure goes by, and what it did. No personal data: card ids, times, counts, key ids.

-- The published log, of cards whose data are there still. A row without a body only holds its place:
-- a stream of no card, or of a card that was erased.
CREATE TABLE told (
    position  bigint PRIMARY KEY,
    stream_id uuid NOT NULL,
    body      bytea NOT NULL
);
CREATE INDEX told_stream ON told (stream_id);
CREATE INDEX told_places ON told (position) WHERE body = '';

-- How far each partition is read, and up to where the log has no gap.
CREATE TABLE read_up_to (
    partition   integer PRIMARY KEY,
    next_offset bigint NOT NULL
);
CREATE TABLE complete_up_to (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position  bigint NOT NULL
);

-- Cards of which everything is erased; their events were let go.
CREATE TABLE ended (
    card_id         uuid PRIMARY KEY,
    ended_at        timestamptz NOT NULL,
    personalized_at timestamptz
);

-- Commands to erase, by the id of the fact.
CREATE TABLE ask (
    fact_id  text PRIMARY KEY,
    card_id  uuid NOT NULL,
    answered boolean NOT NULL DEFAULT false
);
CREATE INDEX ask_open ON ask (card_id) WHERE NOT answered;

-- Erasures: written before anything is destroyed, and closed with the report, which is kept for ever.
CREATE TABLE erasure (
    erasure_id  uuid PRIMARY KEY,
    intent      jsonb NOT NULL,
    intended_at timestamptz NOT NULL DEFAULT now(),
    report      bytea,
    digest      bytea CHECK (octet_length(digest) = 32)
);
CREATE INDEX erasure_open ON erasure (erasure_id) WHERE report IS NULL;
CREATE INDEX erasure_digest ON erasure (digest);

GRANT SELECT, INSERT, DELETE, UPDATE (body) ON told TO :role;
GRANT SELECT, INSERT, UPDATE ON read_up_to, complete_up_to TO :role;
GRANT SELECT, INSERT ON ended TO :role;
GRANT SELECT, INSERT, UPDATE (answered) ON ask TO :role;
GRANT SELECT, INSERT, UPDATE (report, digest) ON erasure TO :role;
