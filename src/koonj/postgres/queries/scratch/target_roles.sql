-- Roles that somebody made, and what decides what one may do after SET ROLE; names only, no password.
SELECT r.rolname, r.rolsuper, r.rolinherit, r.rolcreaterole, r.rolcreatedb, r.rolbypassrls
FROM pg_catalog.pg_roles AS r
WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_'
ORDER BY r.oid
