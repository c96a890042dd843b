-- The table as drizzle 0.x makes it, in a schema of its own.
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {table} (
    id serial PRIMARY KEY,
    hash text NOT NULL,
    created_at bigint
)
