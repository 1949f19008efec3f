-- The vault's data keys, each wrapped for its section's public key: a table a section. This database
-- is in no backup of the vault, and what is deleted here makes all of those useless for that card.
--
-- Who writes a section adds keys and reads none; who reads a section reads its keys. Nobody changes
-- one, and the role of erasure alone deletes: it sees whose they are, and not the keys.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE TABLE key_request (
    card_id     uuid NOT NULL,
    nonce       bytea NOT NULL,  -- of the blob that it opens
    key_id      text NOT NULL,   -- of the section's key that it is wrapped for
    wrapped_key bytea NOT NULL,
    written_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (card_id, nonce)
);
CREATE INDEX ON key_request (written_at);

CREATE TABLE key_print        (LIKE key_request INCLUDING ALL);
CREATE TABLE key_stripe       (LIKE key_request INCLUDING ALL);
CREATE TABLE key_chip         (LIKE key_request INCLUDING ALL);
CREATE TABLE key_keys         (LIKE key_request INCLUDING ALL);
CREATE TABLE key_chip_keys    (LIKE key_request INCLUDING ALL);
CREATE TABLE key_certificates (LIKE key_request INCLUDING ALL);
CREATE TABLE key_inspection   (LIKE key_request INCLUDING ALL);
CREATE TABLE key_pin          (LIKE key_request INCLUDING ALL);
CREATE TABLE key_mailer       (LIKE key_request INCLUDING ALL);

GRANT USAGE ON SCHEMA public TO cw_request, cw_dataprep, cw_keymanagement, cw_printing, cw_encoding,
    cw_qa, cw_pinmailer, cw_retention;

GRANT INSERT ON key_request TO cw_request;
GRANT INSERT ON key_print, key_stripe, key_chip, key_keys, key_inspection, key_pin, key_mailer
    TO cw_dataprep;
GRANT INSERT ON key_chip_keys, key_certificates TO cw_keymanagement;

GRANT SELECT ON key_request TO cw_dataprep;
GRANT SELECT ON key_keys TO cw_keymanagement;
GRANT SELECT ON key_print TO cw_printing;
GRANT SELECT ON key_stripe, key_chip, key_chip_keys, key_certificates TO cw_encoding;
GRANT SELECT ON key_inspection TO cw_qa;
GRANT SELECT ON key_pin, key_mailer TO cw_pinmailer;

-- Not ON ALL TABLES: the runner's own table of migrations is one, too.
GRANT SELECT (card_id, key_id, written_at), DELETE
    ON key_request, key_print, key_stripe, key_chip, key_keys, key_chip_keys, key_certificates,
       key_inspection, key_pin, key_mailer
    TO cw_retention;
