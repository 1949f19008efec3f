-- Access numbers of badges. The numbers themselves, in clear: they are shown to door controllers, and
-- a badge's face may show them; what proves a badge is its key. Never given twice, whatever becomes
-- of the issuer's range.

-- The next number of a format and facility. It only grows: a number that was given in vain, or that
-- lay above the range when its turn came, stays unused.
CREATE TABLE credential_counter (
    issuer text NOT NULL,
    format text NOT NULL,
    facility bigint NOT NULL CHECK (facility >= 0),
    next bigint NOT NULL CHECK (next >= 0),
    given bigint NOT NULL CHECK (given >= 0),
    PRIMARY KEY (issuer, format, facility)
);

-- Which badge has a number; another one where its issuer's range was moved away from the first.
CREATE TABLE credential (
    issuer text NOT NULL,
    format text NOT NULL,
    facility bigint NOT NULL CHECK (facility >= 0),
    number bigint NOT NULL CHECK (number >= 0),
    card_id uuid NOT NULL,
    PRIMARY KEY (issuer, format, facility, number)
);
CREATE INDEX ON credential (card_id);

GRANT SELECT, INSERT, UPDATE ON credential_counter TO cw_dataprep;
GRANT SELECT, INSERT ON credential TO cw_dataprep;
