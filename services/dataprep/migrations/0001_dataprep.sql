-- What data preparation keeps: no account number, no name. Numbers are indices into an issuer's
-- range, or keyed digests (HMAC-SHA-256 in the security module).

-- How many account numbers of an issuer's range are taken. Counters only grow: a number is never
-- allocated twice, and one that was allocated in vain stays unused.
CREATE TABLE pan_counter (
    issuer text PRIMARY KEY,
    next bigint NOT NULL CHECK (next >= 0)
);

-- What a payment card got at its first preparation, so that another one gives it the same again.
CREATE TABLE allocation (
    card_id uuid PRIMARY KEY,
    issuer text NOT NULL,
    -- Place in the issuer's range, from 0; null where the request brought the number.
    range_index bigint CHECK (range_index >= 0),
    sequence_number text NOT NULL CHECK (sequence_number ~ '^[0-9]{2}$'),
    expiry text NOT NULL CHECK (expiry ~ '^[0-9]{4}$'),
    UNIQUE (issuer, range_index)
);

-- Which card a number with its sequence number and expiry belongs to: one and no other.
CREATE TABLE live_card (
    pan_digest bytea NOT NULL CHECK (length(pan_digest) = 32),
    sequence_number text NOT NULL,
    expiry text NOT NULL,
    card_id uuid NOT NULL,
    UNIQUE (pan_digest, sequence_number, expiry)
);

-- What a person had to decide about, and since when; how it ended is in the card's log.
CREATE TABLE exception_case (
    card_id uuid NOT NULL,
    code text NOT NULL,
    opened_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (card_id, code)
);

GRANT SELECT, INSERT, UPDATE ON pan_counter TO cw_dataprep;
GRANT SELECT, INSERT ON allocation, live_card, exception_case TO cw_dataprep;
