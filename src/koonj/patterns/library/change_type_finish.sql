-- title: Change a column's type (3/3): drop the old one
-- group: Columns
-- words: alter type, alter_column, change_column, AlterField, contract
-- about: The last part, after the pattern change_type_swap. It drops the column with the old type and the trigger that
--        fills it; the migration fails while a constraint, a view or another object uses it. It has no rollback. Create
--        it only when the swap was applied to all targets and you are sure that it stays, because applying all pending
--        migrations runs both.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: amount
-- field: old_column
--   label: Column with the old type
--   kind: name
--   catalog: column of table
--   default: {{column}}_old
-- field: function
--   label: Name of trigger and function
--   kind: name
--   default: {{table.name}}_copy_{{column}}
--   asked: no
--
-- migration: drop_{{old_column}}_of_{{table.name}}
-- Drops {{old_column}} of {{table}}, which has the old type of {{column}}, with its indexes, and the trigger that
-- filled it. From now on values that do not fit the old type are possible.
BEGIN;

DO $check$
DECLARE
    owner regclass := '{{table}}';
    doomed record;
    uses text;
BEGIN
    SELECT * INTO doomed
    FROM pg_attribute WHERE attrelid = owner AND attname = (parse_ident('{{old_column}}'))[1];
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
END
$check$;

DROP TRIGGER {{function}} ON {{table}};
DROP FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
ALTER TABLE {{table}} DROP COLUMN {{old_column}};

COMMIT;

-- Rollback: none: the values of the old type are deleted. The column with the new type has all of them.
