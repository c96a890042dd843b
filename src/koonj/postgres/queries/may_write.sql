-- Conditions for writing the history. NULL if the schema or the table does not exist. koonj.statement does not have
-- to exist: it is created when a migration needs it.
SELECT pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('default_transaction_read_only') OPERATOR(pg_catalog.=) 'on',
       CURRENT_USER::pg_catalog.text,
       pg_catalog.current_database()::pg_catalog.text,
       pg_catalog.has_database_privilege(d.oid, 'CREATE'),
       pg_catalog.has_schema_privilege(n.oid, 'CREATE'),
       pg_catalog.has_schema_privilege(n.oid, 'USAGE'),
       pg_catalog.has_table_privilege(c.oid, 'INSERT')
       AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid
             AND a.attname OPERATOR(pg_catalog.=) ANY (
                 ARRAY['outcome', 'statements_done', 'finished', 'error', 'sqlstate']::pg_catalog.name[]
             )
             AND NOT a.attisdropped
             AND NOT pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE')
       )
       AND coalesce(pg_catalog.has_table_privilege(s.oid, 'INSERT'), true)
       AND NOT EXISTS (
           SELECT FROM pg_catalog.pg_attribute AS a
           WHERE a.attrelid OPERATOR(pg_catalog.=) s.oid
             AND a.attname OPERATOR(pg_catalog.=) ANY (
                 ARRAY['state', 'evidence', 'reason']::pg_catalog.name[]
             )
             AND NOT a.attisdropped
             AND NOT pg_catalog.has_column_privilege(a.attrelid, a.attnum, 'UPDATE')
       )
FROM pg_catalog.pg_database AS d
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) 'koonj'
LEFT JOIN pg_catalog.pg_class AS c
    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) 'history'
LEFT JOIN pg_catalog.pg_class AS s
    ON s.relnamespace OPERATOR(pg_catalog.=) n.oid AND s.relname OPERATOR(pg_catalog.=) 'statement'
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
