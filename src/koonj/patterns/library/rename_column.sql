-- title: Rename a column (1/2): both names
-- group: Columns
-- place: 14
-- words: rename, rename_column, RenameField, expand and contract, alter_column
-- later: rename_column_finish
-- about: Applications that know the old name and applications that know the new one can both read and write: the table
--        gets another name, and a view with both columns takes its place. When no application uses the old name any
--        more, use the pattern rename_column_finish. In the meantime TRUNCATE, COPY ... FROM, GROUP BY the primary key
--        alone, and ALTER TABLE do not work with the view. Privileges on single columns are not copied. Needs
--        PostgreSQL 15.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: users
-- field: column
--   kind: name
--   catalog: column of table
--   example: name
-- field: new_name
--   kind: name
--   catalog: new column of table
--   example: full_name
-- field: base
--   label: Name of the table until the end
--   kind: name
--   default: {{table.name}}_base
--
-- migration: rename_{{column}}_of_{{table.name}}_to_{{new_name}}
-- Renames {{column}} of {{table}} to {{new_name}}. A view offers both names for the time being.
-- Wait until no running application uses the old name. Then create a migration with the koonj pattern
-- rename_column_finish, which removes the view.
BEGIN;

ALTER TABLE {{table}} RENAME COLUMN {{column}} TO {{new_name}};
ALTER TABLE {{table}} RENAME TO {{base}};

-- security_invoker: who uses the view needs the same privileges, and sees the same rows, as in the table.
CREATE VIEW {{table}} WITH (security_invoker = true) AS
    SELECT *, {{new_name}} AS {{column}}
    FROM {{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}};

DO $privileges$
DECLARE
    base record;
    granted text;
BEGIN
    SELECT * INTO STRICT base
    FROM pg_class WHERE oid = '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}}'::regclass;
    FOR granted IN
        SELECT format(
            'GRANT %s ON %s TO %s %s',
            privilege_type,
            '{{table}}'::regclass,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
            CASE WHEN is_grantable THEN 'WITH GRANT OPTION' END
        )
        FROM aclexplode(base.relacl) WHERE grantee <> base.relowner
    LOOP
        EXECUTE granted;
    END LOOP;
    IF base.relowner <> current_user::regrole THEN
        EXECUTE format('ALTER VIEW %s OWNER TO %s', '{{table}}'::regclass, base.relowner::regrole);
    END IF;
END
$privileges$;

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP VIEW {{table}};
-- ALTER TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{base}} RENAME TO {{table.name}};
-- ALTER TABLE {{table}} RENAME COLUMN {{new_name}} TO {{column}};
-- COMMIT;
