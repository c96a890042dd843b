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
       AND pg_catalog.has_column_privilege(c.oid, 'outcome', 'UPDATE')
       AND pg_catalog.has_column_privilege(c.oid, 'statements_done', 'UPDATE')
       AND pg_catalog.has_column_privilege(c.oid, 'finished', 'UPDATE')
       AND pg_catalog.has_column_privilege(c.oid, 'error', 'UPDATE')
       AND pg_catalog.has_column_privilege(c.oid, 'sqlstate', 'UPDATE')
       AND (s.oid IS NULL OR (
           pg_catalog.has_table_privilege(s.oid, 'INSERT')
           AND pg_catalog.has_column_privilege(s.oid, 'state', 'UPDATE')
           AND pg_catalog.has_column_privilege(s.oid, 'xid', 'UPDATE')
           AND pg_catalog.has_column_privilege(s.oid, 'evidence', 'UPDATE')
           AND pg_catalog.has_column_privilege(s.oid, 'reason', 'UPDATE')
       ))
FROM pg_catalog.pg_database AS d
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) 'koonj'
LEFT JOIN pg_catalog.pg_class AS c
    ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) 'history'
LEFT JOIN pg_catalog.pg_class AS s
    ON s.relnamespace OPERATOR(pg_catalog.=) n.oid AND s.relname OPERATOR(pg_catalog.=) 'statement'
WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()
