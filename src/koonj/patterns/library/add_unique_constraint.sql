-- title: Add a unique constraint
-- group: Constraints
-- place: 2
-- words: unique, unique key, no duplicates, upsert
-- about: Creates two files. The first builds a unique index CONCURRENTLY. The second makes it the index of the
--        constraint, which takes a moment. Existing duplicates make the first one fail: correct them before. Not for a
--        partitioned table.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: users
-- field: columns
--   kind: names
--   catalog: columns of table
--   example: email
-- field: constraint
--   label: Constraint name
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{columns}}_key
--   help: The index has the same name.
--
-- migration: create_index_{{constraint}}
-- Unique index {{constraint}} on {{table}} ({{columns}}), for the constraint in the next file.
-- No BEGIN and COMMIT, because CREATE INDEX CONCURRENTLY cannot run in a transaction. No IF NOT EXISTS, because a
-- failed build leaves an INVALID index with this name, and IF NOT EXISTS would accept it as complete. After a
-- failure, run the rollback below, then apply again.

CREATE UNIQUE INDEX CONCURRENTLY {{constraint}} ON {{table}} ({{columns}});

-- Rollback:
-- DROP INDEX CONCURRENTLY IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{constraint}};
--
-- migration: add_{{constraint}}
-- No two rows of {{table}} have the same {{columns}}. The constraint takes over the index of the last file.
-- The rollback drops this index too, as the constraint cannot give it back, and builds it again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{constraint}} UNIQUE USING INDEX {{constraint}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{constraint}};
-- COMMIT;
-- CREATE UNIQUE INDEX CONCURRENTLY {{constraint}} ON {{table}} ({{columns}});
