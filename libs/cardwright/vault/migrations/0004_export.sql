-- Cards handed to another bureau: the role of a command that people run; no station has it. It reads
-- what chips hold, and their keys as the security module sealed them.

GRANT USAGE ON SCHEMA public TO cw_export;
GRANT SELECT ON section_chip, section_chip_keys TO cw_export;
