-- The newest version; 0: nothing is applied. tern keeps one row. Two are read to see that it is its table.
SELECT version::pg_catalog.int8 FROM {table} ORDER BY 1 LIMIT 2
