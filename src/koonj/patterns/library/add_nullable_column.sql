-- title: Add a column without a default
-- group: Columns
-- place: 1
-- words: new column, nullable, null, add_column, AddField
-- about: The column is NULL in all rows that exist. The change takes a moment, however big the table is. Not for a
--        domain with a CHECK, a serial type or an identity, which rewrite the whole table.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: new column of table
--   example: reviewed_at
-- field: type
--   kind: type
--   catalog: type
--   default: text
--   example: timestamptz
--
-- migration: add_{{column}}_to_{{table.name}}
-- Adds {{column}} to {{table}}. It is NULL in existing rows.
-- The rollback deletes the values in the column.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{column}} {{type}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
