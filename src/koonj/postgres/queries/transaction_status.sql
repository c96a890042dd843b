-- Outcome of a transaction whose COMMIT was not answered.
SELECT pg_catalog.pg_xact_status(%s::pg_catalog.text::pg_catalog.xid8)
