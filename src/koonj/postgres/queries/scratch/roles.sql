-- All roles of the server, including PostgreSQL's own.
SELECT r.rolname FROM pg_catalog.pg_roles AS r
