-- The row of an applied migration. The primary key refuses a second one.
INSERT INTO {table} (version) VALUES (%(version)s)
