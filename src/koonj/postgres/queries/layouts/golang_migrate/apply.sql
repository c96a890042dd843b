-- The one row of the history, with the version of an applied migration. golang-migrate empties the table and inserts a
-- row; DELETE leaves the readers of the table alone. No row is written if another session has changed the version since
-- it was read: it must be smaller, or that of this migration with the mark that is set before it runs (dirty).
WITH gone AS (
    DELETE FROM {table} RETURNING version, dirty
),
found AS (
    SELECT pg_catalog.bool_and(
               CASE WHEN g.dirty THEN g.version OPERATOR(pg_catalog.=) %(version)s::pg_catalog.int8
                    ELSE g.version OPERATOR(pg_catalog.<) %(version)s::pg_catalog.int8
               END
           ) AS is_expected
    FROM gone AS g
)
-- last part
INSERT INTO {table} (version, dirty)
SELECT %(version)s::pg_catalog.int8, %(dirty)s::pg_catalog.bool
FROM found AS f
WHERE coalesce(f.is_expected, true)
