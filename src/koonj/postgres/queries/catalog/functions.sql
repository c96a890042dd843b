-- Functions and procedures, without those that belong to a range type.
SELECT p.tableoid, p.oid, CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
       concat(quote_ident(n.nspname), '.', quote_ident(p.proname), '(', oidvectortypes(p.proargtypes), ')'),
       rtrim(pg_get_functiondef(p.oid), E'\n'),
       NULL, NULL, pg_get_userbyid(p.proowner),
       p.proacl::text[], CASE WHEN p.proacl IS NOT NULL THEN acldefault('f', p.proowner)::text[] END
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE p.prokind <> 'a'
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = p.tableoid AND d.objid = p.oid AND d.deptype IN ('e', 'i'))
