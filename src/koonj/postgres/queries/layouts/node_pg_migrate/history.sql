-- The names of the files without their last extension, in the order in which node-pg-migrate compares them with the
-- files. It stores no checksum.
SELECT name::pg_catalog.text FROM {table} ORDER BY run_on, id
