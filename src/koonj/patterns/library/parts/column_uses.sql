{{!
PL/pgSQL that fails if something uses {column} of the table in the variable owner. It writes into the variables
doomed record and uses text.
}}
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
