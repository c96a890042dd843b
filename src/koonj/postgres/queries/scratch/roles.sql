-- All roles of the server, PostgreSQL's own too.
SELECT r.rolname FROM pg_catalog.pg_roles AS r
