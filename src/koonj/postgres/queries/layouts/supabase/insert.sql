-- The row of an applied migration, with its statements. The primary key refuses a second one.
INSERT INTO {table} (version, name, statements) VALUES (%(version)s, %(name)s, %(statements)s)
