-- title: Add a primary key
-- group: Constraints
-- place: 4
-- words: pk, identity, key
-- about: Creates three files: NOT NULL without a long lock, by a CHECK that is validated while reads and writes go on; a
--        unique index, built CONCURRENTLY; and the constraint, which takes a moment because both are there. Rows with NULL
--        or duplicates make the first or the second one fail.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: events
-- field: column
--   kind: name
--   catalog: column of table
--   example: id
-- field: constraint
--   label: Constraint name
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_pkey
--   help: The index has the same name.
-- field: check
--   kind: name
--   catalog: new constraint of table
--   asked: no
--   default: {{table.name}}_{{column}}_not_null_check
--
-- migration: set_{{column}}_of_{{table.name}}_not_null
{{> not_null}}
--
-- migration: create_index_{{constraint}}
-- Unique index {{constraint}} on {{table}} ({{column}}), for the primary key in the next file.
-- No BEGIN and COMMIT, because CREATE INDEX CONCURRENTLY cannot run in a transaction. No IF NOT EXISTS, because a
-- failed build leaves an INVALID index with this name, and IF NOT EXISTS would accept it as complete. After a
-- failure, run the rollback below, then apply again.

CREATE UNIQUE INDEX CONCURRENTLY {{constraint}} ON {{table}} ({{column}});

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{constraint}};
--
-- migration: add_{{constraint}}
-- {{column}} is the primary key of {{table}}. The constraint takes over the index of the last file.
-- The rollback drops this index too, as the constraint cannot give it back, and builds it again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{constraint}} PRIMARY KEY USING INDEX {{constraint}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{constraint}};
-- COMMIT;
-- CREATE UNIQUE INDEX CONCURRENTLY {{constraint}} ON {{table}} ({{column}});
