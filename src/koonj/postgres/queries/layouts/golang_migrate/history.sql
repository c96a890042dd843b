-- The newest version; golang-migrate keeps one row. Two are read to see that it is its table. Version -1 is written
-- if the rollback of the first migration has failed.
SELECT version::pg_catalog.int8, dirty FROM {table} ORDER BY 1 LIMIT 2
