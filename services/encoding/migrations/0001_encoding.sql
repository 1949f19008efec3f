-- Attempts to open a chip's card manager that are under way or did not end well. Chips count wrong
-- ones and block; this count lasts over restarts, and tells which key set a chip has that can't be
-- asked any more. A chip that was made leaves no row.
CREATE TABLE chip_attempt (
    -- The blank's serial number.
    piece text PRIMARY KEY,
    attempts integer NOT NULL DEFAULT 1 CHECK (attempts > 0),
    -- The key set that the chip had, and the one that was to replace it (0: none).
    key_version smallint NOT NULL CHECK (key_version BETWEEN 0 AND 127),
    next_version smallint NOT NULL CHECK (next_version BETWEEN 0 AND 127),
    last_at timestamptz NOT NULL DEFAULT now()
);

GRANT SELECT, INSERT, UPDATE, DELETE ON chip_attempt TO :role;
