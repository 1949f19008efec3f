-- The log. Runtime roles own nothing here: they may read and append, and nobody may change a row.

-- One row: the epoch of the writer. Appending takes a share lock on it, taking over an update.
CREATE TABLE writer (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch     bigint NOT NULL
);
INSERT INTO writer (epoch) VALUES (0);

CREATE TABLE event (
    position    bigint NOT NULL,
    stream_id   uuid NOT NULL,
    sequence    integer NOT NULL CHECK (sequence > 0),
    kind        text NOT NULL,
    recorded_at timestamptz NOT NULL,
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    body        bytea NOT NULL,
    PRIMARY KEY (stream_id, sequence)
) PARTITION BY RANGE (stream_id);

CREATE INDEX event_position ON event (position);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A UUIDv7 begins with its time in milliseconds, so a month of streams is a range of ids: a closed
-- range can be detached to an archive.
CREATE FUNCTION uuid_floor(moment timestamptz) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')
        || '00000000000000000000')::uuid
$$;

CREATE FUNCTION add_partition(name text, bounds text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I PARTITION OF event %s', name, bounds);
    EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON %I
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', name);
END $$;

SELECT add_partition('event_rest', 'DEFAULT');
SELECT add_partition(
    'event_' || to_char(month, 'YYYYMM'),
    format('FOR VALUES FROM (%L) TO (%L)', uuid_floor(month), uuid_floor(month + interval '1 month'))
)
FROM generate_series(
    date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC',
    date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' + interval '11 months',
    interval '1 month'
) AS month;

-- How far the log is published; at least so far, since the mark is set after the fact.
CREATE TABLE published (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    position  bigint NOT NULL
);
INSERT INTO published (position) VALUES (0);

GRANT SELECT, INSERT ON event TO :role;
GRANT SELECT, UPDATE ON writer, published TO :role;
-- A writer that was paused in mid-transaction must not keep its successor waiting.
ALTER ROLE :role SET idle_in_transaction_session_timeout = '5s';

-- Auditors read; they write nowhere.
GRANT SELECT ON event TO cw_auditor;
