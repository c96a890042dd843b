-- The row of a migration that runs outside a transaction. Until it has ended it says that it has failed, which is what
-- Flyway records if it fails: Flyway then runs nothing more.
INSERT INTO {table} (
    installed_rank, version, description, type, script, checksum, installed_by, execution_time, success
)
SELECT coalesce(pg_catalog.max(h.installed_rank) OPERATOR(pg_catalog.+) 1, 1),
       %(version)s::pg_catalog.text,
       %(description)s::pg_catalog.text,
       'SQL',
       %(script)s::pg_catalog.text,
       %(checksum)s::pg_catalog.int4,
       %(installed_by)s::pg_catalog.text,
       0,
       false
FROM {table} AS h
