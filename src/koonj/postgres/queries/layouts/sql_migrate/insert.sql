-- The row of an applied migration. The primary key refuses a second one.
INSERT INTO {table} (id, applied_at) VALUES (%(id)s, pg_catalog.clock_timestamp())
