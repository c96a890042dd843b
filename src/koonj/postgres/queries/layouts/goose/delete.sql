-- All rows of a migration that is rolled back: old releases have left several of them.
DELETE FROM {table} WHERE version_id OPERATOR(pg_catalog.=) %(version)s
