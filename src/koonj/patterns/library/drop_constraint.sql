-- title: Drop a check or foreign key
-- group: Constraints
-- place: 6
-- words: remove constraint, drop foreign key, drop check
-- about: Takes a moment, but with a lock that waits for every reader and writer of the table; for a foreign key also of
--        the table it refers to. The rollback adds the constraint again without a long lock.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: constraint
--   kind: name
--   catalog: constraint of table
--   example: orders_amount_check
-- field: definition
--   kind: clause
--   catalog: definition of constraint
--   example: CHECK (amount >= 0)
--   help: What follows its name in its definition, for the rollback. psql shows it with \d and the table.
--
-- migration: drop_{{constraint}}
-- Drops {{constraint}} of {{table}}: {{definition}}.
-- The rollback fails if rows that break it were written in the meantime.
BEGIN;

ALTER TABLE {{table}} DROP CONSTRAINT {{constraint}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} ADD CONSTRAINT {{constraint}} {{definition}} NOT VALID;
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} VALIDATE CONSTRAINT {{constraint}};
-- COMMIT;
