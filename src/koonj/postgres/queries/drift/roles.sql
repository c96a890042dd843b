-- Roles, and whether each is the current one. The pg_* roles of initdb exist on every server and are omitted.
SELECT r.rolname, r.rolname OPERATOR(pg_catalog.=) CURRENT_USER
FROM pg_catalog.pg_roles AS r WHERE r.rolname OPERATOR(pg_catalog.!~) '^pg_' ORDER BY r.rolname
