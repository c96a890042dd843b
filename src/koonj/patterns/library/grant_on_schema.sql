-- title: Grant access to a schema
-- group: Access
-- place: 2
-- words: privileges, permissions, all tables, usage, sequences
-- about: The role can then use all tables and sequences that the schema has now. For tables that are created later, use
--        the pattern default_privileges too. GRANT takes no lock that an application notices.
--
-- field: schema
--   kind: name
--   catalog: schema
--   default: public
-- field: role
--   kind: name
--   catalog: role
--   example: app_reader
-- field: privileges
--   kind: choice
--   choices: SELECT | SELECT, INSERT, UPDATE, DELETE
--   default: SELECT
--
-- migration: grant_on_schema_{{schema}}_to_{{role}}
-- {{role}} gets {{privileges}} on all tables that the schema {{schema}} has now.
-- The rollback takes these privileges away, also if the role had some of them before.
BEGIN;

GRANT USAGE ON SCHEMA {{schema}} TO {{role}};
GRANT {{privileges}} ON ALL TABLES IN SCHEMA {{schema}} TO {{role}};
-- {{^privileges=SELECT}}
GRANT USAGE ON ALL SEQUENCES IN SCHEMA {{schema}} TO {{role}};
-- {{/privileges}}

COMMIT;

-- Rollback:
-- BEGIN;
-- {{^privileges=SELECT}}
-- REVOKE USAGE ON ALL SEQUENCES IN SCHEMA {{schema}} FROM {{role}};
-- {{/privileges}}
-- REVOKE {{privileges}} ON ALL TABLES IN SCHEMA {{schema}} FROM {{role}};
-- REVOKE USAGE ON SCHEMA {{schema}} FROM {{role}};
-- COMMIT;
