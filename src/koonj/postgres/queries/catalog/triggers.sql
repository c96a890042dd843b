-- Triggers. A partition's copy of a trigger is included only if it is enabled differently from its parent's.
SELECT t.tableoid, t.oid, c.tableoid, c.oid, 'trigger', quote_ident(t.tgname),
       concat(CASE WHEN t.tgparentid = 0 THEN pg_get_triggerdef(t.oid)
                   ELSE 'TRIGGER ' || quote_ident(t.tgname) END,
              CASE t.tgenabled WHEN 'D' THEN E'\nDISABLE' WHEN 'R' THEN E'\nENABLE REPLICA'
                               WHEN 'A' THEN E'\nENABLE ALWAYS'
                               ELSE CASE WHEN t.tgparentid <> 0 THEN E'\nENABLE' END END), 0
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_trigger AS p ON p.oid = t.tgparentid
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND (NOT t.tgisinternal AND t.tgparentid = 0 OR t.tgenabled <> p.tgenabled)
