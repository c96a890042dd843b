-- Release the lock of yoyo.
DELETE FROM {lock} WHERE pid OPERATOR(pg_catalog.=) %(pid)s
