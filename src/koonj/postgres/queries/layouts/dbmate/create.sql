-- The table as dbmate makes it.
CREATE TABLE IF NOT EXISTS {table} (version varchar PRIMARY KEY)
