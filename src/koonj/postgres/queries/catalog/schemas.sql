-- Schemas. pg_dump assumes that initdb creates `public` as it has done since 15 (getNamespaces in pg_dump.c), so
-- the grants on it are compared with that.
SELECT n.tableoid, n.oid, 'schema', quote_ident(n.nspname), 'CREATE SCHEMA ' || quote_ident(n.nspname),
       NULL, NULL,
       CASE WHEN n.nspname <> 'public' OR o.name <> 'pg_database_owner' THEN o.name END,
       CASE WHEN n.nspname = 'public' OR n.nspacl IS NOT NULL
            THEN coalesce(n.nspacl, acldefault('n', n.nspowner))::text[] END,
       CASE WHEN n.nspname = 'public'
            THEN (acldefault('n', n.nspowner) || makeaclitem(0, n.nspowner, 'USAGE', false))::text[]
            WHEN n.nspacl IS NOT NULL THEN acldefault('n', n.nspowner)::text[] END
FROM pg_catalog.pg_namespace AS n
CROSS JOIN LATERAL (SELECT pg_get_userbyid(n.nspowner) AS name) AS o
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = n.tableoid AND d.objid = n.oid AND d.deptype = 'e')
