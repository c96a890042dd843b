-- The row of a migration of drizzle 0.x: the hash of its file, and its time in the journal.
INSERT INTO {table} (hash, created_at) VALUES (%(hash)s, %(created_at)s)
