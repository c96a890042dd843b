-- Names of functions that an expression may not call before the migration runs, names of functions that can do
-- anything, and whether event triggers run code at each change of the schema.
SELECT ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
             WHERE p.pronamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
               AND p.provolatile OPERATOR(pg_catalog.=) 'v'::"char"),
       ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
             WHERE p.pronamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
               AND p.pronamespace OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.regnamespace),
       EXISTS (SELECT FROM pg_catalog.pg_event_trigger AS e WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'::"char")
