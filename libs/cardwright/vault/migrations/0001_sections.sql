-- The vault: a table a section, and each role sees no more than its work needs.
-- Run by the owner of the database. The roles cw_<service> exist already and own nothing.
--
-- Who writes a section may name its rows (SELECT on card_id, which UPDATE needs to find them), but
-- not read them. What is read is sealed, too: the security module decides who may open it.

REVOKE ALL ON SCHEMA public FROM PUBLIC;

CREATE TABLE section_request (
    card_id    uuid PRIMARY KEY,
    sealed     bytea NOT NULL,
    written_at timestamptz NOT NULL DEFAULT now()
);
-- Sealed octets don't compress: store the long ones out of line as they are.
ALTER TABLE section_request ALTER COLUMN sealed SET STORAGE EXTERNAL;

CREATE TABLE section_print      (LIKE section_request INCLUDING ALL);
CREATE TABLE section_stripe     (LIKE section_request INCLUDING ALL);
CREATE TABLE section_chip       (LIKE section_request INCLUDING ALL);
CREATE TABLE section_keys       (LIKE section_request INCLUDING ALL);
CREATE TABLE section_chip_keys  (LIKE section_request INCLUDING ALL);
CREATE TABLE section_inspection (LIKE section_request INCLUDING ALL);

GRANT USAGE ON SCHEMA public
    TO cw_request, cw_dataprep, cw_keymanagement, cw_printing, cw_encoding, cw_qa;

GRANT INSERT, UPDATE (sealed, written_at), SELECT (card_id) ON section_request TO cw_request;
GRANT INSERT, UPDATE (sealed, written_at), SELECT (card_id)
    ON section_print, section_stripe, section_chip, section_keys, section_inspection
    TO cw_dataprep;
GRANT INSERT, UPDATE (sealed, written_at), SELECT (card_id)
    ON section_chip_keys TO cw_keymanagement;

GRANT SELECT ON section_request TO cw_dataprep;
GRANT SELECT ON section_keys TO cw_keymanagement;
GRANT SELECT ON section_print TO cw_printing;
GRANT SELECT ON section_stripe, section_chip, section_chip_keys TO cw_encoding;
GRANT SELECT ON section_inspection TO cw_qa;
