-- The row of an applied migration. The primary key refuses a second one.
INSERT INTO {table} (hash, previous_hash, filename) VALUES (%(hash)s, %(previous)s, %(filename)s)
