-- The table as the Supabase CLI makes it.
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {table} (version text NOT NULL PRIMARY KEY);
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS statements text[];
ALTER TABLE {table} ADD COLUMN IF NOT EXISTS name text
