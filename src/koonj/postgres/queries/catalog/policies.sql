-- Row level security policies.
SELECT p.tableoid, p.oid, c.tableoid, c.oid, 'policy', quote_ident(p.polname),
       concat_ws(E'\n',
           concat('CREATE POLICY ', quote_ident(p.polname), ' ON ', quote_ident(n.nspname), '.', quote_ident(c.relname),
                  CASE WHEN NOT p.polpermissive THEN ' AS RESTRICTIVE' END,
                  CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE'
                                WHEN 'd' THEN ' FOR DELETE' END,
                  ' TO ' || (SELECT string_agg(quote_ident(pg_get_userbyid(o)), ', '
                                               ORDER BY pg_get_userbyid(o) COLLATE "C")
                             FROM unnest(p.polroles) AS o WHERE o <> 0)),
           'USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           'WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), 0
FROM pg_catalog.pg_policy AS p
JOIN pg_catalog.pg_class AS c ON c.oid = p.polrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
