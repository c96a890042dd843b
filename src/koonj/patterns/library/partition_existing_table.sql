-- title: Partition an existing table
-- group: Tables
-- place: 3
-- words: move table to partitions, split table, range, time series, convert to partitioned, declarative partitioning
-- about: The table becomes the first partition of a new partitioned table that takes its name, rights, indexes and
--        foreign keys. No row is copied. A CHECK with the range, validated while reads and writes go on, spares the swap of
--        names from reading rows. The swap locks the table for a moment, and the tables to which its foreign keys refer.
--        Every unique and primary key must contain the column to partition by. Refused while views, functions or foreign
--        keys of other tables use the table, or if it has triggers, policies or an identity column. There is no default
--        partition: create partitions in time, with add_partition.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: measurements
-- field: column
--   label: Partition by
--   kind: name
--   catalog: column of table
--   example: measured_at
-- field: from
--   kind: expression
--   example: '2020-01-01'
--   help: The first value of the rows that exist, or less.
-- field: to
--   kind: expression
--   example: '2027-01-01'
--   help: More than every value that exists when this is applied. The next partition begins there.
-- field: until
--   label: Next partition ends
--   kind: expression
--   example: '2028-01-01'
--   help: The first value that is no longer in the next partition.
-- field: partition
--   label: Table for the rows that exist
--   kind: name
--   catalog: new table
--   default: {{table.name}}_first
--   help: The table gets this name.
-- field: next
--   label: Next partition
--   kind: name
--   catalog: new table
--   example: measurements_2027
-- field: check
--   kind: name
--   asked: no
--   default: {{table.name}}_range_check
--
-- migration: partition_{{table.name}}
-- {{table}} is now in partitions by ranges of {{column}}. The rows that exist are all in {{partition}}, up to but not
-- including {{to}}; the rows after them go to {{next}}, up to but not including {{until}}.
-- If the second transaction finds a row outside, correct it, run the rollback below, then apply again.
BEGIN;

DO $check$
DECLARE
    old regclass := '{{table}}';
    found text;
BEGIN
    IF EXISTS (SELECT FROM pg_class WHERE oid = old AND relkind = 'p') THEN
        RAISE EXCEPTION '% is partitioned already', old;
    END IF;
    -- {{^table.schema}}
    IF EXISTS (SELECT FROM pg_class WHERE oid = old AND relnamespace <> current_schema()::regnamespace) THEN
        RAISE EXCEPTION '% is not in the schema %, where the new table would be', old, current_schema()
            USING HINT = 'Write the name of the table with its schema.';
    END IF;
    -- {{/table.schema}}

    -- Objects that follow the old table, and would see its rows only.
    WITH part (class, id) AS (
        SELECT 'pg_class'::regclass, old::oid
        UNION ALL
        SELECT 'pg_type'::regclass, unnest(ARRAY[oid, typarray]) FROM pg_type WHERE typrelid = old
    ), usage (thing) AS (
        SELECT CASE WHEN r.rulename = '_RETURN'
            THEN pg_describe_object('pg_class'::regclass, r.ev_class, 0)
            ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
        FROM part
        JOIN pg_depend d ON d.refclassid = part.class AND d.refobjid = part.id AND d.deptype = 'n'
        LEFT JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
        WHERE d.classid IN ('pg_rewrite'::regclass, 'pg_proc'::regclass, 'pg_class'::regclass)
        UNION
        SELECT pg_describe_object('pg_constraint'::regclass, oid, 0) FROM pg_constraint
        WHERE contype = 'f' AND confrelid = old
        UNION
        SELECT pg_describe_object('pg_class'::regclass, inhparent, 0) FROM pg_inherits WHERE inhrelid = old
        UNION
        SELECT pg_describe_object('pg_publication'::regclass, prpubid, 0) FROM pg_publication_rel WHERE prrelid = old
    )
    SELECT string_agg(thing, ', ' ORDER BY thing) INTO found FROM usage;
    IF found IS NOT NULL THEN
        RAISE EXCEPTION '% is used by: %', old, found
            USING ERRCODE = 'dependent_objects_still_exist',
                HINT = 'Drop these objects first, and create them again afterwards.';
    END IF;

    -- Parts of the old table that the new one cannot get in this way.
    SELECT string_agg(thing, ', ' ORDER BY thing) INTO found FROM (
        SELECT pg_describe_object('pg_trigger'::regclass, oid, 0) FROM pg_trigger
        WHERE tgrelid = old AND NOT tgisinternal
        UNION ALL
        SELECT pg_describe_object('pg_policy'::regclass, oid, 0) FROM pg_policy WHERE polrelid = old
        UNION ALL
        SELECT 'row-level security' FROM pg_class WHERE oid = old AND relrowsecurity
        UNION ALL
        SELECT format('identity column %I', attname) FROM pg_attribute
        WHERE attrelid = old AND attidentity <> '' AND NOT attisdropped
    ) part (thing);
    IF found IS NOT NULL THEN
        RAISE EXCEPTION '% has what a new table would not get: %', old, found
            USING HINT = 'Drop it first, and create it again on the partitioned table afterwards.';
    END IF;
    SELECT string_agg(indexrelid::regclass::text, ', ' ORDER BY indexrelid) INTO found
    FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attname = (parse_ident('{{column}}'))[1]
    WHERE indrelid = old AND (
        indisexclusion OR indisunique AND attnum <> ALL ((indkey::int2[])[0:indnkeyatts - 1])
    );
    IF found IS NOT NULL THEN
        RAISE EXCEPTION 'a key of % is not unique in each partition: %', old, found
            USING HINT = 'Every primary key and unique constraint must contain the column to partition by.';
    END IF;
END
$check$;
ALTER TABLE {{table}} ADD CONSTRAINT {{check}}
    CHECK ({{column}} IS NOT NULL AND {{column}} >= {{from}} AND {{column}} < {{to}}) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};

COMMIT;

-- From here on it is a matter of names and definitions, and no row is read. If this transaction cannot get its locks,
-- the rollback below removes what the first one has made; then apply again.
BEGIN;

ALTER TABLE {{table}} RENAME TO {{partition}};
CREATE TABLE {{table}} (LIKE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} INCLUDING ALL) PARTITION BY RANGE ({{column}});
ALTER TABLE {{table}} DROP CONSTRAINT {{check}};

-- What LIKE leaves out: the owner, the comment, foreign keys, sequences of serial columns, and the rights.
DO $copy$
DECLARE
    old regclass := '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}}';
    new regclass := '{{table}}';
    one text;
BEGIN
    EXECUTE format('ALTER TABLE %s OWNER TO %I', new, (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = old));
    EXECUTE format('COMMENT ON TABLE %s IS %L', new, obj_description(old, 'pg_class'));
    FOR one IN
        SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', new, conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = old AND contype = 'f'
    LOOP
        EXECUTE one;
    END LOOP;
    FOR one IN
        SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', objid::regclass, new, attname)
        FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
            JOIN pg_class s ON s.oid = objid AND s.relkind = 'S'
        WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = old AND deptype = 'a'
    LOOP
        EXECUTE one;
    END LOOP;
    FOR one IN
        SELECT format('REVOKE ALL ON %s FROM %s', new, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END)
        FROM pg_class, aclexplode(relacl) WHERE oid = new AND grantee <> relowner
    LOOP
        EXECUTE one;
    END LOOP;
    FOR one IN
        SELECT format('GRANT %s%s ON %s TO %s%s', privilege_type, columns, new,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
            CASE WHEN is_grantable THEN ' WITH GRANT OPTION' END)
        FROM pg_class, LATERAL (
            SELECT '' AS columns, granted.* FROM aclexplode(relacl) granted
            UNION ALL
            SELECT format(' (%I)', attname), granted.* FROM pg_attribute, aclexplode(attacl) granted
            WHERE attrelid = old AND NOT attisdropped
        ) rights
        WHERE oid = old AND grantee <> relowner
    LOOP
        EXECUTE one;
    END LOOP;
END
$copy$;
ALTER TABLE {{table}} ATTACH PARTITION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} FOR VALUES FROM ({{from}}) TO ({{to}});
ALTER TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} DROP CONSTRAINT {{check}};

-- The new table's indexes and keys get the names that code knows, such as in ON CONFLICT ON CONSTRAINT.
DO $names$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT inhrelid::regclass AS part, p.relname AS part_name, inhparent::regclass AS whole, w.relname AS whole_name
        FROM pg_index JOIN pg_inherits ON inhparent = indexrelid
            JOIN pg_class p ON p.oid = inhrelid JOIN pg_class w ON w.oid = inhparent
        WHERE indrelid = '{{table}}'::regclass
    LOOP
        EXECUTE format('ALTER INDEX %s RENAME TO koonj_swaps_names', one.part);
        EXECUTE format('ALTER INDEX %s RENAME TO %I', one.whole, one.part_name);
        EXECUTE format('ALTER INDEX %s RENAME TO %I', one.part, one.whole_name);
    END LOOP;
END
$names$;

CREATE TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{next}} PARTITION OF {{table}}
    FOR VALUES FROM ({{to}}) TO ({{until}});

COMMIT;

-- Rollback:
-- -- Rows of other partitions move to the table that was there before; reads and writes wait meanwhile.
-- DO $back$
-- DECLARE
--     whole regclass := '{{table}}';
--     old regclass;
--     names jsonb;
--     one text;
-- BEGIN
--     IF EXISTS (SELECT FROM pg_class WHERE oid = whole AND relkind <> 'p') THEN
--         ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{check}};
--         RETURN;
--     END IF;
--     LOCK TABLE {{table}} IN ACCESS EXCLUSIVE MODE;
--     old := '{{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}}';
--     SELECT jsonb_object_agg(inhrelid::text, relname) INTO names
--     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_inherits ON inhparent = indexrelid
--         JOIN pg_index part ON part.indexrelid = inhrelid
--     WHERE pg_index.indrelid = whole AND part.indrelid = old;
--     FOR one IN
--         SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', objid::regclass, old, attname)
--         FROM pg_depend JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
--             JOIN pg_class s ON s.oid = objid AND s.relkind = 'S'
--         WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND refobjid = whole
--             AND deptype = 'a'
--     LOOP
--         EXECUTE one;
--     END LOOP;
--     ALTER TABLE {{table}} DETACH PARTITION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}};
--     SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO one
--     FROM pg_attribute WHERE attrelid = whole AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
--     EXECUTE format('INSERT INTO %s (%s) SELECT %2$s FROM %3$s', old, one, whole);
--     DROP TABLE {{table}};
--     FOR one IN
--         SELECT format('ALTER INDEX %s RENAME TO %I', key::oid::regclass, value) FROM jsonb_each_text(names)
--     LOOP
--         EXECUTE one;
--     END LOOP;
--     ALTER TABLE {{#table.schema}}{{table.schema}}.{{/table.schema}}{{partition}} RENAME TO {{table.name}};
-- END
-- $back$;
