-- Grants on objects of initdb or of an extension that differ from the initial ones (pg_init_privs). The languages
-- internal, c and sql are omitted, as in pg_dump.
SELECT concat('on ', i.type, ' ', i.identity), pg_get_userbyid(o.owner),
       coalesce(o.acl, acldefault(o.class, o.owner))::text[], coalesce(p.initprivs, acldefault(o.class, o.owner))::text[]
FROM (
    SELECT c.tableoid AS class_oid, c.oid, 0 AS sub, c.relnamespace AS namespace, c.relowner AS owner, c.relacl AS acl,
           CASE c.relkind WHEN 'S' THEN 's'::pg_catalog."char" ELSE 'r' END AS class
    FROM pg_catalog.pg_class AS c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL
    SELECT c.tableoid, c.oid, a.attnum, c.relnamespace, c.relowner, a.attacl, 'c'
    FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT f.tableoid, f.oid, 0, f.pronamespace, f.proowner, f.proacl, 'f' FROM pg_catalog.pg_proc AS f
    UNION ALL
    SELECT t.tableoid, t.oid, 0, t.typnamespace, t.typowner, t.typacl, 'T' FROM pg_catalog.pg_type AS t
    WHERE t.typacl IS NOT NULL
    UNION ALL
    SELECT n.tableoid, n.oid, 0, CASE WHEN n.nspname = 'pg_catalog' THEN n.oid END, n.nspowner, n.nspacl, 'n'
    FROM pg_catalog.pg_namespace AS n
    UNION ALL
    SELECT l.tableoid, l.oid, 0, NULL, l.lanowner, l.lanacl, 'l' FROM pg_catalog.pg_language AS l
    UNION ALL
    SELECT w.tableoid, w.oid, 0, NULL, w.fdwowner, w.fdwacl, 'F' FROM pg_catalog.pg_foreign_data_wrapper AS w
    UNION ALL
    SELECT s.tableoid, s.oid, 0, NULL, s.srvowner, s.srvacl, 'S' FROM pg_catalog.pg_foreign_server AS s) AS o
LEFT JOIN pg_catalog.pg_init_privs AS p ON p.classoid = o.class_oid AND p.objoid = o.oid AND p.objsubid = o.sub
CROSS JOIN LATERAL pg_identify_object(o.class_oid, o.oid, o.sub) AS i
WHERE o.acl IS DISTINCT FROM p.initprivs
      AND (o.namespace = 11 OR EXISTS (
          SELECT FROM pg_catalog.pg_depend AS d
          WHERE d.classid = o.class_oid AND d.objid = o.oid AND d.deptype = 'e'))
