-- title: Set a column's default
-- group: Columns
-- place: 8
-- words: default value, change default, change_column_default
-- about: The default is for new rows. Existing rows keep their values: to fill them, use the pattern backfill. Takes
--        a moment, however big the table is.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: status
-- field: default
--   kind: expression
--   example: 'active'
-- field: previous
--   label: Previous default
--   kind: expression
--   catalog: definition of column
--   required: no
--   example: 'new'
--   help: For the rollback. Empty if it had none.
--
-- migration: set_default_of_{{column}}_of_{{table.name}}
-- New rows of {{table}} get {{default}} in {{column}}. Existing rows do not change.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{default}};

COMMIT;

-- Rollback:
-- BEGIN;
-- {{#previous}}
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{previous}};
-- {{/previous}}
-- {{^previous}}
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP DEFAULT;
-- {{/previous}}
-- COMMIT;
