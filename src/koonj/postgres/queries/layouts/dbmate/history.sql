-- The versions that dbmate has recorded. It stores neither a time nor a checksum.
SELECT version::pg_catalog.text FROM {table} ORDER BY 1
