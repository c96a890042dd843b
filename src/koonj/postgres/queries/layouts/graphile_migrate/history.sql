-- The numbers of the committed files, as NNNNNN.sql, and their hashes.
SELECT filename::pg_catalog.text, hash::pg_catalog.text FROM {table} ORDER BY 1
