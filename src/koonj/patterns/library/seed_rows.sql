-- title: Insert rows
-- group: Data
-- place: 1
-- words: seed, reference data, lookup table, initial data
-- about: Rows that the application needs everywhere, such as countries or roles. A second apply is refused by the primary
--        key or a unique constraint. Add more rows in the editor.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: countries
-- field: columns
--   kind: names
--   catalog: columns of table
--   example: code, name
-- field: values
--   kind: expressions
--   example: 'is', 'Iceland'
--   help: One for each column.
-- field: condition
--   label: Rollback deletes
--   kind: expression
--   example: code = 'is'
--   help: A condition that is true for these rows, and for no other.
--
-- migration: insert_into_{{table.name}}
-- Rows of {{table}} that the application needs.
-- The rollback deletes the rows where {{condition}}.
BEGIN;

INSERT INTO {{table}} ({{columns}}) VALUES
    ({{values}});

COMMIT;

-- Rollback:
-- BEGIN;
-- DELETE FROM {{table}} WHERE {{condition}};
-- COMMIT;
