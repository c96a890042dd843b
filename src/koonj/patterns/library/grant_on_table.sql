-- title: Grant access to a table
-- group: Access
-- place: 3
-- words: privileges, permissions, select, insert, allow, revoke
-- about: The role can then read, or read and change, one table. It also needs USAGE on the schema, and on the sequence
--        of a serial column to insert rows: grant_on_schema gives both. GRANT takes no lock that an application notices.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: role
--   kind: name
--   catalog: role
--   example: app_reader
-- field: privileges
--   kind: choice
--   choices: SELECT | SELECT, INSERT | SELECT, INSERT, UPDATE | SELECT, INSERT, UPDATE, DELETE
--   default: SELECT
--
-- migration: grant_on_{{table.name}}_to_{{role}}
-- {{role}} gets {{privileges}} on {{table}}.
-- The rollback takes these privileges away, also if the role had some of them before.
BEGIN;

GRANT {{privileges}} ON {{table}} TO {{role}};

COMMIT;

-- Rollback:
-- BEGIN;
-- REVOKE {{privileges}} ON {{table}} FROM {{role}};
-- COMMIT;
