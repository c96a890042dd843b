-- title: Change a column's type (2/3): swap
-- group: Columns
-- place: 12
-- words: alter type, alter_column, change_column, AlterField, int to bigint, convert
-- later: change_type_finish
-- about: The second part, after the pattern change_type_with_copy: the column with the new type gets the name and the
--        default. The old column stays and gets each new value too, so that the rollback loses nothing. Values that
--        do not fit the old type are rejected until change_type_finish drops it. Fails while fewer indexes contain the
--        new column than the old one. Create this migration when the copy is complete on all targets.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: amount
-- field: new_column
--   label: Column with the new type
--   kind: name
--   catalog: column of table
--   default: {{column}}_new
-- field: old_column
--   label: New name of the old column
--   kind: name
--   catalog: new column of table
--   default: {{column}}_old
-- field: function
--   label: Name of trigger and function
--   kind: name
--   default: {{table.name}}_copy_{{column}}
--   asked: no
--
-- migration: swap_{{column}}_of_{{table.name}}
-- {{column}} of {{table}} gets its new type: {{new_column}} gets its name.
-- The trigger now fills {{old_column}}, which has the old type, so that the rollback loses nothing. When you are sure
-- that it is not needed, create a migration with the koonj pattern change_type_finish, which drops it.
BEGIN;

DO $check$
DECLARE
    owner regclass := '{{table}}';
    source record;
    copy record;
    indexes text;
    needed int;
    found int;
BEGIN
    SELECT a.*, pg_get_expr(d.adbin, d.adrelid) AS expression INTO source
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = owner AND a.attname = (parse_ident('{{column}}'))[1];
    SELECT * INTO copy
    FROM pg_attribute WHERE attrelid = owner AND attname = (parse_ident('{{new_column}}'))[1];
    IF source.attnotnull <> copy.attnotnull THEN
        RAISE EXCEPTION 'one of % and % is NOT NULL, and the other is not', source.attname, copy.attname;
    END IF;
    IF source.attgenerated <> ''
        OR EXISTS (
            SELECT FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
            WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = owner AND d.refobjsubid = source.attnum
        )
        OR EXISTS (SELECT FROM pg_constraint WHERE conrelid = owner AND contype = 'p' AND source.attnum = ANY (conkey))
    THEN
        RAISE EXCEPTION 'column % is generated, has a sequence or is in the primary key', source.attname;
    END IF;
    SELECT
        string_agg(indexrelid::regclass::text, ', ') FILTER (WHERE source.attnum = ANY (columns)),
        count(*) FILTER (WHERE source.attnum = ANY (columns)),
        count(*) FILTER (WHERE copy.attnum = ANY (columns) AND indisvalid)
    INTO indexes, needed, found
    FROM (
        SELECT indexrelid, indisvalid, indkey::int[] || ARRAY(
            SELECT refobjsubid FROM pg_depend
            WHERE classid = 'pg_class'::regclass AND objid = indexrelid
                AND refclassid = 'pg_class'::regclass AND refobjid = owner
        )
        FROM pg_index WHERE indrelid = owner
    ) AS used (indexrelid, indisvalid, columns);
    IF found < needed THEN
        RAISE EXCEPTION 'indexes with %: %; with %: only %', source.attname, indexes, copy.attname, found
            USING HINT = 'Create the same indexes CONCURRENTLY with the new column first.';
    END IF;
    IF source.expression IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', owner, copy.attname, source.expression);
    END IF;
END
$check$;

ALTER TABLE {{table}} RENAME COLUMN {{column}} TO {{old_column}};
ALTER TABLE {{table}} RENAME COLUMN {{new_column}} TO {{column}};

CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    NEW.{{old_column}} := NEW.{{column}};
    RETURN NEW;
END
$function$;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP DEFAULT;
-- ALTER TABLE {{table}} RENAME COLUMN {{column}} TO {{new_column}};
-- ALTER TABLE {{table}} RENAME COLUMN {{old_column}} TO {{column}};
-- CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
-- LANGUAGE plpgsql AS $function$
-- BEGIN
--     NEW.{{new_column}} := NEW.{{column}};
--     RETURN NEW;
-- END
-- $function$;
-- COMMIT;
