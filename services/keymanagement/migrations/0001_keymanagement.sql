-- What of the security module's journal was stated to custody. A key's stream is chosen once, when
-- its first entry is read: a UUIDv7, as every stream's.
CREATE TABLE key_stream (
    key_id    text PRIMARY KEY,
    stream_id uuid NOT NULL UNIQUE
);

CREATE TABLE journal_entry (
    entry     bigint PRIMARY KEY CHECK (entry > 0),
    hash      bytea NOT NULL CHECK (length(hash) = 32),
    stated_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT ON key_stream, journal_entry TO :role;
