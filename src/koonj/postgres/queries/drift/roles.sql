-- Roles that somebody made, and which of them acts: initdb's pg_* are on every server.
SELECT r.rolname, r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_' ORDER BY r.rolname
