-- Properties of a database that CREATE DATABASE (TEMPLATE) does not copy: grants on it, and settings of roles in it.
SELECT d.datacl::pg_catalog.text,
       ARRAY(
           SELECT s.setrole::pg_catalog.text
                  OPERATOR(pg_catalog.||) ' '
                  OPERATOR(pg_catalog.||) pg_catalog.array_to_string(s.setconfig, ' ')
           FROM pg_catalog.pg_db_role_setting AS s
           WHERE s.setdatabase OPERATOR(pg_catalog.=) d.oid
           ORDER BY s.setrole
       ),
       pg_catalog.shobj_description(d.oid, 'pg_database'),
       d.datdba
FROM pg_catalog.pg_database AS d
WHERE d.datname OPERATOR(pg_catalog.=) %s
