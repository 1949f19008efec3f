-- One row an order: inbox, job and outbox in one. The row is written in the transaction of the work
-- itself; the answer is kept until custody has acknowledged it, the id for ever.
CREATE TABLE work (
    order_id    text PRIMARY KEY,
    state       text NOT NULL
        CHECK (state IN ('waiting', 'begun', 'answered', 'acknowledged')),
    operation   smallint,  -- of orders that wait for a bench
    express     boolean NOT NULL,
    order_bytes bytea,
    traceparent text NOT NULL DEFAULT '',
    device      text,
    fact        bytea,
    received_at timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz
);

CREATE INDEX work_open ON work (express DESC, received_at) WHERE state IN ('waiting', 'begun');
CREATE INDEX work_unacknowledged ON work (sent_at) WHERE state = 'answered';

GRANT SELECT, INSERT, UPDATE ON work TO :role;
