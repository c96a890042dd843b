-- title: Grant access to future tables
-- group: Access
-- place: 4
-- words: default privileges, permissions, later tables
-- about: Tables that one role creates later in the schema are granted at once. It changes nothing about the tables that
--        exist: use grant_on_schema for these.
--
-- field: schema
--   kind: name
--   catalog: schema
--   default: public
-- field: role
--   kind: name
--   catalog: role
--   example: app_reader
--   help: The role that gets the privileges.
-- field: creator
--   kind: name
--   catalog: role
--   required: no
--   example: app_owner
--   help: The role that creates the tables. If empty, the role that applies this migration.
-- field: privileges
--   kind: choice
--   choices: SELECT | SELECT, INSERT, UPDATE, DELETE
--   default: SELECT
--
-- migration: default_privileges_in_{{schema}}_for_{{role}}
-- {{role}} gets {{privileges}} on each table that is created in {{schema}} from now on
-- {{#creator}}
-- by {{creator}}.
-- {{/creator}}
-- {{^creator}}
-- by the role that applies this file.
-- {{/creator}}
-- The rollback keeps the privileges on tables that were created in the meantime.
BEGIN;

ALTER DEFAULT PRIVILEGES{{#creator}} FOR ROLE {{creator}}{{/creator}} IN SCHEMA {{schema}}
    GRANT {{privileges}} ON TABLES TO {{role}};
-- {{^privileges=SELECT}}
ALTER DEFAULT PRIVILEGES{{#creator}} FOR ROLE {{creator}}{{/creator}} IN SCHEMA {{schema}}
    GRANT USAGE ON SEQUENCES TO {{role}};
-- {{/privileges}}

COMMIT;

-- Rollback:
-- BEGIN;
-- {{^privileges=SELECT}}
-- ALTER DEFAULT PRIVILEGES{{#creator}} FOR ROLE {{creator}}{{/creator}} IN SCHEMA {{schema}}
--     REVOKE USAGE ON SEQUENCES FROM {{role}};
-- {{/privileges}}
-- ALTER DEFAULT PRIVILEGES{{#creator}} FOR ROLE {{creator}}{{/creator}} IN SCHEMA {{schema}}
--     REVOKE {{privileges}} ON TABLES FROM {{role}};
-- COMMIT;
