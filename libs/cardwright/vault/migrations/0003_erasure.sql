-- Erasure: one role deletes rows, and reads none. Data keys lie in a database of their own
-- (libs/cardwright/vault/datakeys); rows written before that hold keys that nobody looks at any more.

DO $$
DECLARE
    section text;
BEGIN
    FOREACH section IN ARRAY ARRAY['request', 'print', 'stripe', 'chip', 'keys', 'chip_keys',
        'certificates', 'inspection', 'pin', 'mailer']
    LOOP
        EXECUTE format('CREATE INDEX ON section_%s (written_at)', section);
        EXECUTE format('GRANT SELECT (card_id, written_at), DELETE ON section_%s TO cw_retention',
            section);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO cw_retention;
