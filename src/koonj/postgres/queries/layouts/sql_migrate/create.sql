-- The table as sql-migrate makes it.
CREATE TABLE IF NOT EXISTS {table} (id text NOT NULL PRIMARY KEY, applied_at timestamp with time zone)
