-- The row of a migration of drizzle 1.0: the hash of its file, the time and the name of its folder.
INSERT INTO {table} (hash, created_at, name) VALUES (%(hash)s, %(created_at)s, %(name)s)
