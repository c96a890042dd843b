-- title: Create a table
-- group: Tables
-- place: 1
-- words: new table, add table, entity, model
-- about: A table with a numbered primary key. Foreign keys to tables with rows are better added with add_foreign_key,
--        which does not block their writers.
--
-- field: table
--   kind: qualified_name
--   catalog: new table
--   example: documents
-- field: columns
--   kind: definitions
--   example: title text NOT NULL, created_at timestamptz NOT NULL DEFAULT now()
--   help: Each with its type, between commas.
-- field: key
--   label: Primary key
--   kind: name
--   default: id
-- field: key_type
--   label: Its type
--   kind: choice
--   choices: bigint | uuid
--   default: bigint
--   help: bigint is numbered by the database; uuid is random.
--
-- migration: create_{{table.name}}
-- Table {{table}}.
-- The rollback drops it with its rows.
BEGIN;

CREATE TABLE {{table}} (
    {{key}} {{#key_type=bigint}}bigint GENERATED ALWAYS AS IDENTITY{{/key_type}}{{#key_type=uuid}}uuid DEFAULT gen_random_uuid(){{/key_type}} PRIMARY KEY{{#columns}},
    {{columns.each}}{{/columns}}
);

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE {{table}};
-- COMMIT;
