-- The row of an applied migration. Its previous hash must be that of a row.
INSERT INTO {table} (hash, previous_hash, filename) VALUES (%(hash)s, %(previous_hash)s, %(filename)s)
