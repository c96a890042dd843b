-- What sqlx has applied. Only old versions of it wrote success = false.
SELECT version::pg_catalog.int8, description::pg_catalog.text, success, pg_catalog.encode(checksum, 'hex')
FROM {table}
ORDER BY 1
