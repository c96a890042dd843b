-- What refinery has applied. The checksum is a number in decimal digits, the name the one of the file without version.
SELECT version::pg_catalog.int8, name::pg_catalog.text, checksum::pg_catalog.text FROM {table} ORDER BY 1
