-- What logistics keeps: boxes and what lies in them, what has left, and where every blank went.
-- No personal data: card ids, blank serials, box codes.

-- The next serial reference of a company prefix. Its row is also the lock of whoever packs.
CREATE TABLE sscc_counter (
    prefix text PRIMARY KEY,
    next   bigint NOT NULL CHECK (next >= 0)
);

CREATE TABLE box (
    sscc        text PRIMARY KEY CHECK (sscc ~ '^[0-9]{18}$'),
    issuer      text NOT NULL,
    product     text NOT NULL,
    express     boolean NOT NULL,
    capacity    integer NOT NULL CHECK (capacity > 0),
    filled      integer NOT NULL CHECK (filled BETWEEN 0 AND capacity),
    opened_at   timestamptz NOT NULL DEFAULT now(),
    closed_at   timestamptz,
    labelled_at timestamptz
);
CREATE UNIQUE INDEX box_one_open ON box (issuer, product, express) WHERE closed_at IS NULL;
CREATE INDEX box_to_label ON box (closed_at) WHERE closed_at IS NOT NULL AND labelled_at IS NULL;

-- A card lies in one slot, and a slot holds one card. A card that is destroyed leaves its slot empty.
CREATE TABLE packed (
    card_id    uuid NOT NULL,
    attempt    integer NOT NULL,
    sscc       text NOT NULL REFERENCES box,
    slot       integer NOT NULL CHECK (slot > 0),
    packed_at  timestamptz NOT NULL DEFAULT now(),
    removed_at timestamptz,
    PRIMARY KEY (card_id, attempt),
    UNIQUE (sscc, slot)
);

-- A card leaves the house once, whatever happens.
CREATE TABLE dispatch (
    card_id       uuid PRIMARY KEY,
    attempt       integer NOT NULL,
    sscc          text NOT NULL REFERENCES box,
    permit        bytea NOT NULL CHECK (octet_length(permit) = 32),
    dispatched_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (card_id, attempt) REFERENCES packed
);

-- Where each blank went in the end: one row a blank, so none counts twice. What was
-- received and loaded stands in the log alone: `audit stock` sets the two against each other.
CREATE TABLE stock_ledger (
    blank_serial text PRIMARY KEY CHECK (blank_serial <> ''),
    lot          text NOT NULL,
    fate         text NOT NULL CHECK (fate IN ('dispatched', 'destroyed')),
    card_id      uuid NOT NULL,
    attempt      integer NOT NULL,
    counted_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stock_ledger_lot ON stock_ledger (lot, fate);

GRANT SELECT, INSERT, UPDATE (next) ON sscc_counter TO :role;
GRANT SELECT, INSERT, UPDATE (filled, closed_at, labelled_at) ON box TO :role;
GRANT SELECT, INSERT, UPDATE (removed_at) ON packed TO :role;
GRANT SELECT, INSERT ON dispatch, stock_ledger TO :role;
