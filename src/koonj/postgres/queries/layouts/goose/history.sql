-- The newest row of each version. Old releases of goose have inserted a row with false for a rollback; today it
-- deletes the rows. Version 0 stands for the empty database.
SELECT DISTINCT ON (version_id) version_id::pg_catalog.int8, is_applied
FROM {table}
ORDER BY version_id, id DESC
