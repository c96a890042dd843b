-- The table as node-pg-migrate makes it.
CREATE TABLE IF NOT EXISTS {table} (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)
