-- Which chip is in which blank, as the first visit found it: a chip that turns up in another blank,
-- or a blank with another chip, is a stranger and is not written. The chip is told by what its maker
-- wrote into it (CPLC: fabricator to batch), which is no secret.
CREATE TABLE chip_piece (
    chip bytea PRIMARY KEY CHECK (length(chip) = 18),
    -- The blank's serial number.
    piece text NOT NULL UNIQUE,
    first_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT ON chip_piece TO :role;
