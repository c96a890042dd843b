-- The ids that yoyo before version 6 has recorded, in the form of the newer table: the hash is that of the id.
SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(id::pg_catalog.text, 'UTF8')), 'hex'),
       id::pg_catalog.text
FROM {table}
ORDER BY id
