-- Data keys of what goes to another bureau; see the vault's migration of this name.

GRANT USAGE ON SCHEMA public TO cw_export;
GRANT SELECT ON key_chip, key_chip_keys TO cw_export;
