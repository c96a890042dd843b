-- The table as tern makes it, with its one row: nothing is applied.
CREATE TABLE IF NOT EXISTS {table} (version int4 NOT NULL PRIMARY KEY);
INSERT INTO {table} (version) SELECT 0 WHERE NOT EXISTS (SELECT FROM {table})
