-- The hashes of the ids that yoyo has recorded, and the ids. No hash of a text is stored.
SELECT migration_hash::pg_catalog.text, migration_id::pg_catalog.text FROM {table} ORDER BY migration_id, migration_hash
