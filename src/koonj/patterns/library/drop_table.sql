-- title: Drop a table (1/2): move it
-- group: Tables
-- place: 9
-- words: drop table, remove, delete, safe drop
-- later: drop_table_for_good
-- about: The first part of a safe drop. The migration fails if an object still uses the table. Otherwise it moves
--        the table, with its rows, indexes and sequences, to a schema that no application uses. The rollback moves
--        it back quickly. Later, when you are sure that nothing needs the table, use the pattern drop_table_for_good
--        to drop it.
--
-- field: table
--   kind: name
--   catalog: table of schema
--   example: old_sessions
-- field: schema
--   kind: name
--   catalog: schema
--   default: public
--   help: The schema of the table. The rollback moves the table back to it.
-- field: trash
--   label: Move to schema
--   kind: name
--   default: trash
--   help: Created if it does not exist.
--
-- migration: move_{{table}}_to_{{trash}}
-- Moves {{schema}}.{{table}} to the schema {{trash}}, if nothing uses it any more.
-- To drop it later, when you are sure that nothing needs it, create a migration with the koonj pattern
-- drop_table_for_good. Until then, the rollback restores the table without loss.
BEGIN;

DO $check$
DECLARE
    doomed regclass := '{{schema}}.{{table}}';
    uses text;
    gone text;
BEGIN
    -- Find the table, its row type (with its array type) and its sequences; then the objects that depend on them:
    -- views, foreign keys, policies, defaults, columns, SQL functions; and partitions, parents, publications.
    WITH part (class, id) AS (
        SELECT 'pg_class'::regclass, doomed::oid
        UNION ALL
        SELECT 'pg_type'::regclass, unnest(ARRAY[oid, typarray]) FROM pg_type WHERE typrelid = doomed
        UNION ALL
        SELECT d.classid, d.objid
        FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
            AND d.refobjid = doomed AND d.deptype IN ('a', 'i')
    ), dependent (thing, relation) AS (
        SELECT
            CASE WHEN r.rulename = '_RETURN'
                THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
                ELSE pg_describe_object(d.classid, d.objid, d.objsubid)
            END,
            coalesce(r.ev_class, c.conrelid, a.adrelid, p.polrelid, t.oid)
        FROM part
        JOIN pg_depend d ON d.refclassid = part.class AND d.refobjid = part.id AND d.deptype = 'n'
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        LEFT JOIN pg_constraint c ON d.classid = 'pg_constraint'::regclass AND c.oid = d.objid
        LEFT JOIN pg_attrdef a ON d.classid = 'pg_attrdef'::regclass AND a.oid = d.objid
        LEFT JOIN pg_policy p ON d.classid = 'pg_policy'::regclass AND p.oid = d.objid
        LEFT JOIN pg_class t ON d.classid = 'pg_class'::regclass AND t.oid = d.objid
    ), usage (thing) AS (
        SELECT thing FROM dependent WHERE relation IS DISTINCT FROM doomed
        UNION
        SELECT pg_describe_object('pg_class'::regclass, inhrelid, 0) FROM pg_inherits WHERE inhparent = doomed
        UNION
        SELECT pg_describe_object('pg_class'::regclass, inhparent, 0) FROM pg_inherits WHERE inhrelid = doomed
        UNION
        SELECT pg_describe_object('pg_publication'::regclass, prpubid, 0) FROM pg_publication_rel WHERE prrelid = doomed
    )
    SELECT string_agg(thing, ', ' ORDER BY thing) INTO uses FROM usage;
    IF uses IS NOT NULL THEN
        RAISE EXCEPTION '% is still used by: %', doomed, uses
            USING ERRCODE = 'dependent_objects_still_exist', HINT = 'Change or drop these objects first.';
    END IF;

    SELECT relname INTO gone FROM pg_class WHERE oid = doomed;
    {{> functions_with_name}}
END
$check$;

CREATE SCHEMA IF NOT EXISTS {{trash}};
ALTER TABLE {{schema}}.{{table}} SET SCHEMA {{trash}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{trash}}.{{table}} SET SCHEMA {{schema}};
-- {{> drop_empty_schema schema=trash}}
-- COMMIT;
