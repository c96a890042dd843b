-- Names of functions that an expression may not call before the migration runs, names of functions that can do
-- anything, whether event triggers run code at each change of the schema, and functions that can read rows: those of
-- no extension that are not IMMUTABLE, as in calls.sql.
SELECT ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
             WHERE p.pronamespace OPERATOR(pg_catalog.=) 'pg_catalog'::pg_catalog.regnamespace
               AND p.provolatile OPERATOR(pg_catalog.=) 'v'::"char"),
       ARRAY(SELECT DISTINCT p.proname::text FROM pg_catalog.pg_proc AS p
             WHERE p.pronamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace
               AND p.pronamespace OPERATOR(pg_catalog.<>) 'information_schema'::pg_catalog.regnamespace),
       EXISTS (SELECT FROM pg_catalog.pg_event_trigger AS e WHERE e.evtenabled OPERATOR(pg_catalog.<>) 'D'::"char"),
       ARRAY(SELECT DISTINCT pg_catalog.format('%%I.%%I()', n.nspname, p.proname)
             FROM pg_catalog.pg_proc AS p
             JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
             WHERE n.nspname OPERATOR(pg_catalog.<>) ALL ('{pg_catalog,information_schema}'::name[])
               AND p.provolatile OPERATOR(pg_catalog.<>) 'i'::"char"
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                               WHERE d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                                 AND d.objid OPERATOR(pg_catalog.=) p.oid
                                 AND d.deptype OPERATOR(pg_catalog.=) 'e'::"char"))
