-- title: Rename a column (2/2): only the new name
-- group: Columns
-- place: 15
-- words: rename, rename_column, RenameField, expand and contract, contract
-- about: The second part of a rename, after the pattern rename_column. It removes the view, and the table gets its name
--        back. Create this migration only when no application uses the old name any more, because applying all
--        pending migrations runs both.
--
-- field: table
--   kind: qualified_name
--   catalog: view
--   example: users
-- field: column
--   label: Old name
--   kind: name
--   example: name
-- field: new_name
--   kind: name
--   catalog: column of table
--   example: full_name
-- field: base
--   label: Name of the table now
--   kind: name
--   default: {{table.name}}_base
--
-- migration: end_rename_of_{{column}}_of_{{table.name}}
-- {{column}} of {{table}} is only {{new_name}} from now on: removes the view with both names.
BEGIN;

DROP VIEW {{table}};
ALTER TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}} RENAME TO {{table.name}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} RENAME TO {{base}};
-- CREATE VIEW {{table}} WITH (security_invoker = true) AS
--     SELECT *, {{new_name}} AS {{column}}
--     FROM {{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}};
-- DO $privileges$
-- DECLARE
--     base record;
--     granted text;
-- BEGIN
--     SELECT * INTO STRICT base
--     FROM pg_class WHERE oid = '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}}'::regclass;
--     FOR granted IN
--         SELECT format(
--             'GRANT %s ON %s TO %s %s',
--             privilege_type,
--             '{{table}}'::regclass,
--             CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
--             CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END
--         )
--         FROM aclexplode(base.relacl) WHERE grantee <> base.relowner
--     LOOP
--         EXECUTE granted;
--     END LOOP;
--     IF base.relowner <> current_user::regrole THEN
--         EXECUTE format('ALTER VIEW %s OWNER TO %s', '{{table}}'::regclass, base.relowner::regrole);
--     END IF;
-- END
-- $privileges$;
-- COMMIT;
