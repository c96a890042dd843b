-- title: Add a check constraint
-- group: Constraints
-- place: 3
-- words: check, condition, validate, rule
-- about: The first transaction protects new rows, with a lock that is held only for a moment. The second one checks the
--        rows that exist while reads and writes go on.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: condition
--   kind: expression
--   example: amount >= 0
--   help: NULL counts as true. Only the columns of one row.
-- field: about
--   label: In a word
--   kind: name
--   example: amount
--   help: For the name of the constraint: what is checked, such as the column.
-- field: constraint
--   label: Constraint name
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{about}}_check
--
-- migration: add_{{constraint}}
-- In each row of {{table}}: {{condition}}.
-- The first transaction protects new rows. The second one checks existing rows without blocking reads or writes.
-- If it finds a row that breaks the rule, correct it, run the rollback below, then apply again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{constraint}} CHECK ({{condition}}) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{constraint}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{constraint}};
-- COMMIT;
