-- title: Let a column be NULL
-- group: Columns
-- place: 7
-- words: drop not null, nullable, optional, change_column_null
-- about: Takes a moment, however big the table is. The rollback needs a value in each row again.
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
-- migration: let_{{column}}_of_{{table.name}}_be_null
-- {{column}} of {{table}} can be NULL from now on.
-- The rollback fails while a row has no value there. Fill these rows first.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP NOT NULL;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{column}} IS NOT NULL) NOT VALID;
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET NOT NULL;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{check}};
-- COMMIT;
