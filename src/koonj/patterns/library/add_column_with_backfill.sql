-- title: Add a column with a value for each row
-- group: Columns
-- place: 3
-- words: uuid, random, volatile default, gen_random_uuid, new column, backfill, default, not null
-- about: For a default that is different for each row, such as gen_random_uuid(), or that depends on other columns.
--        With ADD COLUMN alone PostgreSQL writes the whole table again while nobody can read it. Instead, this adds
--        the column, sets the default for new rows, and fills existing rows in batches. NOT NULL is a second file.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: new column of table
--   example: public_id
-- field: type
--   kind: type
--   catalog: type
--   example: uuid
-- field: default
--   label: Default of new rows
--   kind: expression
--   example: gen_random_uuid()
--   help: It cannot use other columns.
-- field: value
--   label: Value of existing rows
--   kind: expression
--   default: {{default}}
--   example: gen_random_uuid()
--   help: It can use other columns.
-- field: not_null
--   label: NOT NULL
--   kind: choice
--   choices: yes | no
--   default: yes
-- field: check
--   label: Name of the check
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{column}}_not_null_check
--   asked: no
--
-- migration: add_{{column}}_to_{{table.name}}
-- Adds {{column}} to {{table}}, sets its default for new rows, then fills existing rows.
-- The block at the end has no BEGIN and COMMIT around it, because it commits each batch. If it is interrupted or fails,
-- apply the file again: filled rows are not touched again.
-- The rollback deletes the values in the column.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{column}} {{type}};
ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{default}};

COMMIT;

{{> backfill source=value where=}}

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
--
-- migration: make_{{column}}_of_{{table.name}}_not_null
-- {{#not_null}}
{{> not_null}}
-- {{/not_null}}
