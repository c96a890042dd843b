-- Roles other than its owner that may write koonj.history; NULL for PUBLIC. They need koonj.statement too.
SELECT r.rolname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
CROSS JOIN pg_catalog.aclexplode(c.relacl) AS g
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) g.grantee
WHERE n.nspname OPERATOR(pg_catalog.=) 'koonj'
  AND c.relname OPERATOR(pg_catalog.=) 'history'
  AND g.privilege_type OPERATOR(pg_catalog.=) 'INSERT'
  AND g.grantee OPERATOR(pg_catalog.<>) c.relowner
