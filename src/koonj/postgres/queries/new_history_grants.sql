-- Privileges that ALTER DEFAULT PRIVILEGES or an event trigger gave to other roles when koonj created its objects.
-- One row per object and role; NULL for PUBLIC.
SELECT 'SCHEMA' AS kind, n.nspname AS name, r.rolname AS role
FROM pg_catalog.pg_namespace AS n
CROSS JOIN pg_catalog.aclexplode(n.nspacl) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) g.grantee
WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj' AND g.grantee OPERATOR(pg_catalog.<>) n.nspowner
UNION
SELECT CASE WHEN c.relkind OPERATOR(pg_catalog.=) 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.relname, r.rolname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN pg_catalog.aclexplode(c.relacl) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) g.grantee
WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj'
  AND g.grantee OPERATOR(pg_catalog.<>) c.relowner
  AND (
      c.relname OPERATOR(pg_catalog.=) ANY (%(tables)s::pg_catalog.name[])
      OR c.oid OPERATOR(pg_catalog.=)
         pg_catalog.pg_get_serial_sequence('koonj.history', 'id')::pg_catalog.regclass::pg_catalog.oid
         AND 'history' OPERATOR(pg_catalog.=) ANY (%(tables)s::pg_catalog.text[])
  )
