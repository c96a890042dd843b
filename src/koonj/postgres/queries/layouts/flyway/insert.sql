-- The row of a migration that has run. If it was started outside a transaction (start.sql), that row becomes this one.
-- The times of Flyway are in milliseconds.
INSERT INTO {table} AS t (
    installed_rank, version, description, type, script, checksum, installed_by, execution_time, success
)
SELECT coalesce(
           pg_catalog.max(h.installed_rank) FILTER (
               WHERE NOT h.success
                 AND h.script OPERATOR(pg_catalog.=) %(script)s::pg_catalog.text
                 AND h.checksum OPERATOR(pg_catalog.=) %(checksum)s::pg_catalog.int4
           ),
           pg_catalog.max(h.installed_rank) OPERATOR(pg_catalog.+) 1,
           1
       ),
       %(version)s::pg_catalog.text,
       %(description)s::pg_catalog.text,
       'SQL',
       %(script)s::pg_catalog.text,
       %(checksum)s::pg_catalog.int4,
       %(installed_by)s::pg_catalog.text,
       pg_catalog.date_part(
           'epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.transaction_timestamp()
       ) OPERATOR(pg_catalog.*) 1000,
       true
FROM {table} AS h
ON CONFLICT (installed_rank) DO UPDATE
    SET success = true,
        execution_time = pg_catalog.date_part(
            'epoch', pg_catalog.clock_timestamp()::pg_catalog.timestamp OPERATOR(pg_catalog.-) t.installed_on
        ) OPERATOR(pg_catalog.*) 1000
    WHERE NOT t.success
