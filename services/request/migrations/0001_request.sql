-- One row a request id and issuer, for ever: it says which message used the id first, and what the
-- rules said then. No personal data: ids, digests of sealed messages, codes.
CREATE TABLE request (
    issuer        text     NOT NULL,
    request_id    text     NOT NULL,
    stream_id     uuid     NOT NULL UNIQUE,
    topic         text     NOT NULL,
    partition     integer  NOT NULL,
    record_offset bigint   NOT NULL,
    digest        bytea    NOT NULL CHECK (octet_length(digest) = 32),
    product       text     NOT NULL,
    lane          smallint NOT NULL,
    code          text     NOT NULL, -- empty: accepted
    detail        text     NOT NULL,
    rules         text     NOT NULL, -- space separated
    received_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, request_id)
);

-- Messages that came with an id in use: each has a refusal of its own, the same at each redelivery.
-- The digest tells a topic that was created anew, whose offsets begin again.
CREATE TABLE repeated_request (
    topic         text    NOT NULL,
    partition     integer NOT NULL,
    record_offset bigint  NOT NULL,
    digest        bytea   NOT NULL CHECK (octet_length(digest) = 32),
    stream_id     uuid    NOT NULL UNIQUE,
    received_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (topic, partition, record_offset, digest)
);

-- UPDATE of one column each, for ON CONFLICT DO UPDATE: it locks and returns the row that is there.
GRANT SELECT, INSERT, UPDATE (request_id) ON request TO cw_request;
GRANT SELECT, INSERT, UPDATE (stream_id) ON repeated_request TO cw_request;
