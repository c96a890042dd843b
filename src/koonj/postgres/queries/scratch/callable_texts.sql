-- Texts that statements can run without containing them: functions, views and rules, each with its name; functions
-- of triggers with the names of their tables.
SELECT p.proname::text, coalesce(p.prosrc, '')
FROM pg_catalog.pg_proc AS p
WHERE p.oid OPERATOR(pg_catalog.>=) 16384::oid
  AND p.prolang OPERATOR(pg_catalog.>=) 14::oid
  AND pg_catalog.length(p.prosrc) OPERATOR(pg_catalog.<) 100000
  AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend AS d
      WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::regclass::oid
        AND d.objid OPERATOR(pg_catalog.=) p.oid
        AND d.deptype OPERATOR(pg_catalog.=) 'e'::"char"
  )
UNION ALL
SELECT c.relname::text, pg_catalog.pg_get_ruledef(r.oid)
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) r.ev_class
WHERE r.oid OPERATOR(pg_catalog.>=) 16384::oid
UNION ALL
SELECT c.relname::text, p.prosrc
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) t.tgrelid
JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
WHERE NOT t.tgisinternal
  AND p.prolang OPERATOR(pg_catalog.>=) 14::oid
