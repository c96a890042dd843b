-- Where a tool would look for its history, and make it: database, role, current schema, and whether the schema is there.
SELECT pg_catalog.current_database()::pg_catalog.text,
       CURRENT_USER::pg_catalog.text,
       pg_catalog.current_schema()::pg_catalog.text,
       %(schema)s::pg_catalog.text IS NULL
           OR EXISTS (
               SELECT FROM pg_catalog.pg_namespace AS n
               WHERE n.nspname OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.name
           )
