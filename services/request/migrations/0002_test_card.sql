-- Whether the request asked for a test card, so that a repeated message gets the same fact again.
ALTER TABLE request ADD COLUMN test_card boolean NOT NULL DEFAULT false;
