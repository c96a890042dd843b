-- Rules, without the one that defines a view.
SELECT r.tableoid, r.oid, c.tableoid, c.oid, 'rule', quote_ident(r.rulename),
       concat(pg_get_ruledef(r.oid),
              CASE r.ev_enabled WHEN 'D' THEN E'\nDISABLE' WHEN 'R' THEN E'\nENABLE REPLICA'
                                WHEN 'A' THEN E'\nENABLE ALWAYS' END), 0
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
