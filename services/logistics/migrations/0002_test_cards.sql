-- Test cards lie in boxes of their own: nobody may take one for a customer's.
ALTER TABLE box ADD COLUMN test_cards boolean NOT NULL DEFAULT false;
DROP INDEX box_one_open;
CREATE UNIQUE INDEX box_one_open ON box (issuer, product, express, test_cards)
    WHERE closed_at IS NULL;
