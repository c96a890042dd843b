-- title: Rename a table (2/2): drop the old name
-- group: Tables
-- place: 8
-- words: drop view, old name
-- about: The second part of rename_table, when no code uses the old name any more. Drops the view with the old name.
--
-- field: table
--   label: Old name
--   kind: qualified_name
--   catalog: view
--   example: documents
-- field: new_name
--   kind: name
--   catalog: table
--   example: files
--
-- migration: drop_old_name_of_{{new_name}}
-- Drops the view {{table}}, the old name of {{new_name}}. Code that still uses it fails from here on.
BEGIN;

DROP VIEW {{table}};

COMMIT;

-- Rollback:
-- BEGIN;
-- CREATE VIEW {{table}} WITH (security_invoker = true) AS SELECT * FROM {{#table.schema}}{{table.schema}}.{{/table.schema}}{{new_name}};
-- DO $grants$
-- DECLARE
--     one record;
-- BEGIN
--     FOR one IN
--         SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee
--         FROM pg_class, aclexplode(relacl)
--         WHERE oid = '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{new_name}}'::regclass AND grantee <> relowner
--             AND privilege_type ~ '^(SEL|INS|UPD|DEL)'
--     LOOP
--         EXECUTE format('GRANT %s ON %s TO %s', one.privilege_type, '{{table}}', one.grantee);
--     END LOOP;
-- END
-- $grants$;
-- COMMIT;
