-- The changesets that Liquibase has run, in the order in which it did. It finds one by id, author and path.
SELECT id::pg_catalog.text,
       author::pg_catalog.text,
       filename::pg_catalog.text,
       exectype::pg_catalog.text,
       md5sum::pg_catalog.text
FROM {table}
ORDER BY dateexecuted, orderexecuted
