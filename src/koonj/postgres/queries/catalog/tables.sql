-- Tables, including partitioned and foreign ones. Columns, constraints, parameters and others are separate objects.
SELECT c.tableoid, c.oid, CASE c.relkind WHEN 'f' THEN 'foreign table' ELSE 'table' END, r.name,
       concat_ws(E'\n',
           concat('CREATE ', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' END,
                  CASE WHEN c.relkind = 'f' THEN 'FOREIGN ' END, 'TABLE ', r.name,
                  CASE WHEN c.reloftype <> 0 THEN ' OF ' || format_type(c.reloftype, NULL) END),
           (SELECT CASE WHEN c.relispartition
                        THEN concat('PARTITION OF ', min(i.inhparent::pg_catalog.regclass::text),
                                    ' ', pg_get_expr(c.relpartbound, c.oid),
                                    CASE WHEN bool_or(i.inhdetachpending) THEN ' DETACH PENDING' END, --: 14+
                                    '')
                        ELSE 'INHERITS (' || string_agg(i.inhparent::pg_catalog.regclass::text, ', '
                                                        ORDER BY i.inhseqno) || ')' END
            FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid HAVING count(*) > 0),
           CASE WHEN c.relkind = 'p' THEN 'PARTITION BY ' || pg_get_partkeydef(c.oid) END,
           (SELECT 'USING ' || quote_ident(m.amname) FROM pg_catalog.pg_am AS m
            WHERE m.oid = c.relam AND m.amname <> 'heap'),
           (SELECT 'TABLESPACE ' || quote_ident(s.spcname) FROM pg_catalog.pg_tablespace AS s
            WHERE s.oid = c.reltablespace),
           CASE WHEN c.relkind = 'f' THEN (
               SELECT concat('SERVER ', quote_ident(s.srvname), ' OPTIONS (', (
                          SELECT string_agg(quote_ident(o.option_name) || ' ' || quote_literal(o.option_value), ', ')
                          FROM pg_options_to_table(f.ftoptions) AS o), ')')
               FROM pg_catalog.pg_foreign_table AS f
               JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
               WHERE f.ftrelid = c.oid) END,
           CASE WHEN c.relrowsecurity THEN 'ENABLE ROW LEVEL SECURITY' END,
           CASE WHEN c.relforcerowsecurity THEN 'FORCE ROW LEVEL SECURITY' END,
           CASE c.relreplident WHEN 'f' THEN 'REPLICA IDENTITY FULL' WHEN 'n' THEN 'REPLICA IDENTITY NOTHING' END),
       NULL, NULL, pg_get_userbyid(c.relowner),
       c.relacl::text[], CASE WHEN c.relacl IS NOT NULL THEN acldefault('r', c.relowner)::text[] END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name) AS r
WHERE c.relkind IN ('r', 'p', 'f')
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
