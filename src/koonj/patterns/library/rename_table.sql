-- title: Rename a table (1/2): both names
-- group: Tables
-- place: 7
-- words: alter table rename, move table
-- later: rename_table_finish
-- about: The table gets its new name, and a view gets the old one, in one transaction: code that uses either name reads
--        and writes while the new version is deployed. COPY, TRUNCATE and LOCK TABLE do not work through the view. The view
--        uses the rights of its user, which PostgreSQL 15 and later can do. Indexes, constraints and sequences keep
--        their names.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: new_name
--   kind: name
--   catalog: new table
--   example: files
--
-- migration: rename_{{table.name}}_to_{{new_name}}
-- {{table}} is now {{new_name}}. A view with the old name is there for code that still uses it.
-- Later, when no code uses the old name any more, create a migration with the koonj pattern rename_table_finish.
BEGIN;

ALTER TABLE {{table}} RENAME TO {{new_name}};
CREATE VIEW {{table}} WITH (security_invoker = true) AS SELECT * FROM {{#table.schema}}{{table.schema}}.{{/table.schema}}{{new_name}};

-- Whoever may use the table may use the view.
DO $grants$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT privilege_type, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS grantee
        FROM pg_class, aclexplode(relacl)
        WHERE oid = '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{new_name}}'::regclass AND grantee <> relowner
            AND privilege_type ~ '^(SEL|INS|UPD|DEL)'
    LOOP
        EXECUTE format('GRANT %s ON %s TO %s', one.privilege_type, '{{table}}', one.grantee);
    END LOOP;
END
$grants$;

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP VIEW {{table}};
-- ALTER TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{new_name}} RENAME TO {{table.name}};
-- COMMIT;
