-- The table as golang-migrate makes it. It has no row before the first migration.
CREATE TABLE IF NOT EXISTS {table} (version bigint NOT NULL PRIMARY KEY, dirty boolean NOT NULL)
