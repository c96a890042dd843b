-- title: Make a column NOT NULL
-- group: Columns
-- words: set not null, required, mandatory, change_column_null, null=False, AlterField
-- about: SET NOT NULL alone reads the whole table while nobody can read or write it. A validated CHECK proves the
--        same without blocking, and PostgreSQL then skips the scan. Fails if a row has no value: fill the rows
--        first, for example with the pattern backfill.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: owner_id
-- field: check
--   label: Name of the check
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{column}}_not_null_check
--   asked: no
--
-- migration: make_{{column}}_of_{{table.name}}_not_null
-- {{column}} of {{table}} must have a value.
-- The first transaction protects new rows. The second one reads existing rows without blocking reads or writes.
-- If it finds rows without a value, fill them, run the rollback below, then apply again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{column}} IS NOT NULL) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};

COMMIT;

-- Takes a moment: the check proves that no row is NULL. Then it is not needed any more.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{column}} SET NOT NULL;
ALTER TABLE {{table}} DROP CONSTRAINT {{check}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{check}};
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP NOT NULL;
-- COMMIT;
