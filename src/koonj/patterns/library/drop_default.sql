-- title: Drop a column's default
-- group: Columns
-- place: 9
-- words: remove default, no default, change_column_default
-- about: New rows must then name the column, or are NULL there. Existing rows keep their values. Takes a moment,
--        however big the table is.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: status
-- field: previous
--   label: Previous default
--   kind: expression
--   catalog: definition of column
--   example: 'new'
--   help: For the rollback, which sets it again.
--
-- migration: drop_default_of_{{column}}_of_{{table.name}}
-- {{column}} of {{table}} has no default any more. Existing rows do not change.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP DEFAULT;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{previous}};
-- COMMIT;
