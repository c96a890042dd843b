-- title: Drop a column (2/2): drop it
-- group: Columns
-- place: 18
-- words: drop column, remove column, delete column, final drop
-- about: The second part of a safe drop, for a column that the pattern drop_column hid. It has no rollback. Create this
--        migration only after the first one was applied to all targets and you are sure that nothing needs the
--        column, because applying all pending migrations runs both.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   example: legacy_code
--   help: The name that the column had before drop_column.
-- field: hidden
--   label: Name now
--   kind: name
--   catalog: column of table
--   default: {{column}}_dropped
--
-- migration: drop_{{hidden}}_of_{{table.name}}
-- Drops {{hidden}} of {{table}}, which was {{column}}, with its values and its indexes.
-- PostgreSQL refuses if a view or another object still uses it.
BEGIN;

ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{hidden}};

COMMIT;

-- Rollback: none: the values are deleted and can be restored only from a backup.
