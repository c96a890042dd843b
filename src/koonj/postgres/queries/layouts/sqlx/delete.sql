-- The row of a migration that is rolled back.
DELETE FROM {table} WHERE version OPERATOR(pg_catalog.=) %(version)s
