-- Databases with koonj's prefix, their marks, and the roles that their objects use.
SELECT d.datname,
       d.datconnlimit,
       pg_catalog.shobj_description(d.oid, 'pg_database'),
       ARRAY(
           SELECT DISTINCT r.rolname::pg_catalog.text
           FROM pg_catalog.pg_shdepend AS s
           JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) s.refobjid
           WHERE s.dbid OPERATOR(pg_catalog.=) d.oid
             AND s.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass
       )
FROM pg_catalog.pg_database AS d
WHERE pg_catalog.starts_with(d.datname, 'koonj_scratch_')
