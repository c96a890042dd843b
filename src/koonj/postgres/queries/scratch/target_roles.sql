-- Roles that users created, with the attributes that matter after SET ROLE. No passwords.
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls
FROM pg_catalog.pg_roles AS r
WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_'
ORDER BY r.oid
