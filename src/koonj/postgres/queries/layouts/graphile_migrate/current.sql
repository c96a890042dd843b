-- Which files of the folder "current" graphile-migrate has recorded. They are no migrations.
SELECT filename::pg_catalog.text FROM {table} ORDER BY 1
