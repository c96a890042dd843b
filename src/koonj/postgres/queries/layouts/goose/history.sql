-- The newest row of each version, in the order of these rows. Old releases of goose have inserted a row with false for a
-- rollback; today it deletes the rows. Version 0 stands for the empty database.
SELECT newest.version, newest.is_applied
FROM (
    SELECT DISTINCT ON (version_id) id, version_id::pg_catalog.int8 AS version, is_applied
    FROM {table}
    ORDER BY version_id, id DESC
) AS newest
ORDER BY newest.id
