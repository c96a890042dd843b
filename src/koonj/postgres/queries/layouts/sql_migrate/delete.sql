-- The row of a migration that is rolled back.
DELETE FROM {table} WHERE id OPERATOR(pg_catalog.=) %(id)s
