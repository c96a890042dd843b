-- title: Drop a column (1/2): hide it
-- group: Columns
-- words: remove column, delete column, remove_column, RemoveField
-- later: drop_column_for_good
-- about: The first part of a safe drop, for a column that no running application uses any more. The migration fails if
--        an object still uses the column. Otherwise it gives the column another name, so that a forgotten use of it
--        shows, and the rollback brings it back with its values. Later, use the pattern drop_column_for_good.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: column of table
--   example: legacy_code
-- field: hidden
--   label: Name until the drop
--   kind: name
--   catalog: new column of table
--   default: {{column}}_dropped
-- field: not_null
--   label: NOT NULL without a default
--   kind: choice
--   choices: no | yes
--   default: no
--   help: Choose yes for such a column: its NOT NULL is dropped, because new rows come without it.
-- field: check
--   label: Name of the check
--   kind: name
--   default: {{table.name}}_{{column}}_not_null_check
--   asked: no
--
-- migration: hide_{{column}}_of_{{table.name}}
-- Gives {{column}} of {{table}} the name {{hidden}}, if nothing uses it any more.
-- To drop it later, when you are sure that nothing needs it, create a migration with the koonj pattern
-- drop_column_for_good. Until then, the rollback brings it back with the values of the rows that existed before.
-- {{#not_null}}
-- The rollback fails if rows came without a value in the meantime. Fill them first.
-- {{/not_null}}
BEGIN;

DO $check$
DECLARE
    owner regclass := '{{table}}';
    doomed record;
    uses text;
BEGIN
    SELECT * INTO doomed
    FROM pg_attribute WHERE attrelid = owner AND attname = (parse_ident('{{column}}'))[1];
    -- Find what uses the column: views, constraints, policies, triggers, generated columns, SQL functions.
    -- Its default, its NOT NULL, its sequence and its indexes go with it.
    SELECT string_agg(DISTINCT coalesce(
        pg_describe_object('pg_class'::regclass, r.ev_class, 0),
        pg_describe_object(d.classid, d.objid, d.objsubid)
    ), ', ') INTO uses
    FROM pg_depend d
    LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND r.rulename = '_RETURN'
    LEFT JOIN pg_attrdef f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
    LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
    LEFT JOIN pg_class i ON d.classid = 'pg_class'::regclass AND i.oid = d.objid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = owner AND d.refobjsubid = doomed.attnum
        AND f.adnum IS DISTINCT FROM doomed.attnum
        AND c.contype IS DISTINCT FROM 'n'
        AND (i.relkind IS NULL OR i.relkind NOT IN ('i', 'I', 'S'))
        AND d.classid <> 'pg_statistic_ext'::regclass;
    IF uses IS NOT NULL THEN
        RAISE EXCEPTION 'column % of % is still used by: %', doomed.attname, owner, uses
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Change or drop these objects first.';
    END IF;
    {{^not_null}}
    IF doomed.attnotnull AND NOT doomed.atthasdef AND doomed.attidentity = '' THEN
        RAISE EXCEPTION 'column % of % is NOT NULL without a default', doomed.attname, owner
            USING HINT = 'New rows come without it. Use the pattern with not_null=yes.';
    END IF;
    {{/not_null}}

    -- PostgreSQL does not record which columns the source of a function uses, so a user must check these functions.
    SELECT string_agg(oid::regprocedure::text, ', ' ORDER BY oid::regprocedure::text) INTO uses
    FROM pg_proc
    WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
        AND prosrc ~* format('(?<!\w)%s(?!\w)', regexp_replace(doomed.attname, '(\W)', '\\\1', 'g'));
    IF uses IS NOT NULL THEN
        RAISE WARNING 'the name % also appears in the source of: %', doomed.attname, uses;
    END IF;
END
$check$;

{{#not_null}}
ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP NOT NULL;
{{/not_null}}
ALTER TABLE {{table}} RENAME COLUMN {{column}} TO {{hidden}};

COMMIT;

-- Rollback:
-- {{#not_null}}
-- BEGIN;
-- ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{hidden}} IS NOT NULL) NOT VALID;
-- COMMIT;
-- BEGIN;
-- ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};
-- COMMIT;
-- {{/not_null}}
-- BEGIN;
-- ALTER TABLE {{table}} RENAME COLUMN {{hidden}} TO {{column}};
-- {{#not_null}}
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} SET NOT NULL;
-- ALTER TABLE {{table}} DROP CONSTRAINT {{check}};
-- {{/not_null}}
-- COMMIT;
