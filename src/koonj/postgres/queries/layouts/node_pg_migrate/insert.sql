-- The row of an applied migration, with the time of its transaction. No constraint refuses a second one.
INSERT INTO {table} (name, run_on)
SELECT %(name)s::pg_catalog.varchar, pg_catalog.now()
WHERE NOT EXISTS (
    SELECT FROM {table} AS h WHERE h.name OPERATOR(pg_catalog.=) %(name)s::pg_catalog.varchar
)
