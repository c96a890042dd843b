-- Types and functions, without those of extensions. Run it with an empty search_path.
(SELECT 'type', n.nspname::pg_catalog.text, t.typname::pg_catalog.text,
        CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'type' END,
        ARRAY(SELECT e.enumlabel::pg_catalog.text FROM pg_catalog.pg_enum AS e
              WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder LIMIT 1000),
        pg_catalog.left(d.description, 2000)
 FROM pg_catalog.pg_type AS t
 JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
 LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
 LEFT JOIN pg_catalog.pg_description AS d
     ON d.objoid = t.oid AND d.objsubid = 0 AND d.classoid = 'pg_catalog.pg_type'::pg_catalog.regclass
 WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'b' AND t.typelem = 0) OR c.relkind = 'c')
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
   AND n.nspname !~ '^pg_(toast|temp)'
 LIMIT 3000)
UNION ALL
(SELECT 'function', n.nspname::pg_catalog.text, p.proname::pg_catalog.text,
        pg_catalog.left(pg_catalog.pg_get_function_identity_arguments(p.oid), 200), '{}', NULL
 FROM pg_catalog.pg_proc AS p
 JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
   AND n.nspname !~ '^pg_(toast|temp)'
 LIMIT 5000)
