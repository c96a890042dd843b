-- title: Add a column with a default
-- group: Columns
-- place: 2
-- words: new column, default, not null, add_column, AddField
-- about: PostgreSQL 11 and later store the default of existing rows in the catalog. So the change is fast on a
--        table of any size, also with NOT NULL. A default that is different for each row (random(),
--        gen_random_uuid(), clock_timestamp()), a serial type or a domain with a CHECK rewrites the whole table
--        instead, which blocks reads and writes in the meantime: use the pattern add_column_with_backfill.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: new column of table
--   example: status
-- field: type
--   kind: type
--   catalog: type
--   default: text
--   example: varchar(50)
-- field: default
--   kind: expression
--   example: 'active'
--   help: A constant in SQL ('active', 0, false) or a stable function such as now().
-- field: not_null
--   label: NOT NULL
--   kind: choice
--   choices: yes | no
--   default: yes
--
-- migration: add_{{column}}_to_{{table.name}}
-- Adds {{column}} to {{table}}. Existing rows get {{default}}.
-- The rollback deletes the values in the column.
BEGIN;

ALTER TABLE {{table}}
    ADD COLUMN IF NOT EXISTS {{column}} {{type}} DEFAULT {{default}}{{#not_null}} NOT NULL{{/not_null}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
