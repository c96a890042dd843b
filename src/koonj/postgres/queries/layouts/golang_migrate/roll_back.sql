-- The one row of the history after a rollback: the version before, from now on the newest one. No row is written if
-- another session has changed the version: it must be that of the migration, or the one before it with the mark (dirty).
WITH gone AS (
    DELETE FROM {table} RETURNING version, dirty
),
found AS (
    SELECT pg_catalog.bool_and(
               CASE WHEN g.dirty THEN g.version OPERATOR(pg_catalog.=) %(previous)s::pg_catalog.int8
                    ELSE g.version OPERATOR(pg_catalog.=) %(version)s::pg_catalog.int8
               END
           ) AS is_expected
    FROM gone AS g
)
-- last part
INSERT INTO {table} (version, dirty)
SELECT %(previous)s::pg_catalog.int8, %(dirty)s::pg_catalog.bool
FROM found AS f
WHERE f.is_expected
