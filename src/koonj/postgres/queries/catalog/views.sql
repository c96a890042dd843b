-- Views and materialized views. Whether one is populated is omitted, as in pg_dump -s.
SELECT c.tableoid, c.oid, r.kind, r.name,
       concat_ws(E'\n', 'CREATE ' || upper(r.kind) || ' ' || r.name,
           (SELECT 'USING ' || quote_ident(m.amname) FROM pg_catalog.pg_am AS m
            WHERE m.oid = c.relam AND m.amname <> 'heap'),
           (SELECT 'TABLESPACE ' || quote_ident(s.spcname) FROM pg_catalog.pg_tablespace AS s
            WHERE s.oid = c.reltablespace),
           CASE WHEN c.relreplident NOT IN ('d', 'n', 'i') THEN 'REPLICA IDENTITY FULL' END,
           'AS', pg_get_viewdef(c.oid)),
       NULL, NULL, pg_get_userbyid(c.relowner),
       c.relacl::text[], CASE WHEN c.relacl IS NOT NULL THEN acldefault('r', c.relowner)::text[] END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END AS kind,
           quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name) AS r
WHERE c.relkind IN ('v', 'm')
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
