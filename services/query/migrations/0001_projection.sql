-- The projection, twice: one serves while the other is rebuilt. The service owns neither, so a
-- rebuild empties and fills a schema that is there already.

CREATE FUNCTION make_projection(name text, role text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', name);
    EXECUTE format($sql$
        -- One row a card: what it is looked up by, and the Card message that is answered.
        CREATE TABLE %1$I.card (
            card_id    uuid PRIMARY KEY,
            issuer     text NOT NULL,
            request_id text NOT NULL,
            product    text NOT NULL,
            state      smallint NOT NULL,
            updated_at timestamptz NOT NULL,
            answer     bytea NOT NULL
        );
        CREATE INDEX card_request ON %1$I.card (issuer, request_id);
        CREATE INDEX card_state ON %1$I.card (state, card_id);

        -- Every event that was applied, as published, and the Card message after it.
        CREATE TABLE %1$I.event (
            stream_id uuid NOT NULL,
            sequence  integer NOT NULL CHECK (sequence > 0),
            position  bigint NOT NULL,
            kind      text NOT NULL,
            body      bytea NOT NULL,
            answer    bytea NOT NULL,
            PRIMARY KEY (stream_id, sequence)
        );
        CREATE INDEX event_position ON %1$I.event (position);

        -- Events that came before one they follow: they wait here for it.
        CREATE TABLE %1$I.held (
            stream_id uuid NOT NULL,
            sequence  integer NOT NULL,
            position  bigint NOT NULL,
            body      bytea NOT NULL,
            PRIMARY KEY (stream_id, sequence)
        );

        -- How far each partition is read, written in the transaction of what was read.
        CREATE TABLE %1$I.read_up_to (
            partition   integer PRIMARY KEY,
            next_offset bigint NOT NULL
        );
        -- Every position of the log up to this one is applied.
        CREATE TABLE %1$I.complete_up_to (
            singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
            position  bigint NOT NULL
        );
    $sql$, name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', name, role);
    EXECUTE format(
        'GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON ALL TABLES IN SCHEMA %I TO %I',
        name, role
    );
END $$;

SELECT make_projection('projection_0', ':role');
SELECT make_projection('projection_1', ':role');
DROP FUNCTION make_projection;

-- Which projection serves, and the rebuilds that were asked for and done.
CREATE TABLE control (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    serving   smallint NOT NULL DEFAULT 0 CHECK (serving IN (0, 1)),
    wanted    bigint NOT NULL DEFAULT 0,
    done      bigint NOT NULL DEFAULT 0 CHECK (done <= wanted)
);
INSERT INTO control DEFAULT VALUES;

GRANT SELECT, UPDATE ON control TO :role;
