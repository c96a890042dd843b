-- The file names that sql-migrate has recorded, with ".sql". It stores a time, but no checksum.
SELECT id::pg_catalog.text FROM {table} ORDER BY 1
