-- Sections for PINs, for what a PIN mailer says beside them, and for chips' certificates.
--
-- A PIN and the address that it goes to lie in two sections, read by the one station that handles no
-- card. Data preparation writes the blob of a PIN but never sees the PIN: the security module sealed it.

CREATE TABLE section_pin          (LIKE section_request INCLUDING ALL);
CREATE TABLE section_mailer       (LIKE section_request INCLUDING ALL);
CREATE TABLE section_certificates (LIKE section_request INCLUDING ALL);

GRANT USAGE ON SCHEMA public TO cw_pinmailer;

GRANT INSERT, UPDATE (sealed, written_at), SELECT (card_id)
    ON section_pin, section_mailer TO cw_dataprep;
GRANT INSERT, UPDATE (sealed, written_at), SELECT (card_id)
    ON section_certificates TO cw_keymanagement;

GRANT SELECT ON section_pin, section_mailer TO cw_pinmailer;
GRANT SELECT ON section_certificates TO cw_encoding;
