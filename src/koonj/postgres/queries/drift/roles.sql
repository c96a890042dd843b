-- Roles that somebody made: initdb's pg_* are on every server.
SELECT r.rolname FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_' ORDER BY 1
