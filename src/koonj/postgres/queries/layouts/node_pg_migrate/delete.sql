-- The row of a migration that is rolled back.
DELETE FROM {table} WHERE name OPERATOR(pg_catalog.=) %(name)s::pg_catalog.varchar
