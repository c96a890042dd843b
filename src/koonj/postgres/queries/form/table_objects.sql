-- Constraints, triggers and policies of tables. Run it with an empty search_path.
(SELECT 'constraint', o.conname::pg_catalog.text, o.conrelid::pg_catalog.int8,
        pg_catalog.pg_get_constraintdef(o.oid)
 FROM pg_catalog.pg_constraint AS o
 JOIN pg_catalog.pg_namespace AS n ON n.oid = o.connamespace
 WHERE o.conrelid <> 0
   AND o.contype <> 't'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
 LIMIT 10000)
UNION ALL
(SELECT 'trigger', t.tgname::pg_catalog.text, t.tgrelid::pg_catalog.int8, NULL
 FROM pg_catalog.pg_trigger AS t
 WHERE NOT t.tgisinternal
 LIMIT 5000)
UNION ALL
(SELECT 'policy', p.polname::pg_catalog.text, p.polrelid::pg_catalog.int8, NULL
 FROM pg_catalog.pg_policy AS p
 LIMIT 5000)
