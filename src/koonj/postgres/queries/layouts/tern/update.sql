-- The one row of the history, with the version of an applied migration, or the one before a rollback. No row is changed
-- if another session has changed the version since it was read.
UPDATE {table} SET version = %(version)s WHERE version OPERATOR(pg_catalog.=) %(from)s
