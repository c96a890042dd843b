-- The lock of yoyo. The primary key refuses a second row.
INSERT INTO {lock} (locked, ctime, pid)
VALUES (1, pg_catalog.timezone('UTC', pg_catalog.clock_timestamp()), %(pid)s)
