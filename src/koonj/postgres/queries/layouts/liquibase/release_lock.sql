-- Release Liquibase's lock if this process has taken it.
UPDATE {lock}
SET locked = false, lockgranted = NULL, lockedby = NULL
WHERE id OPERATOR(pg_catalog.=) 1 AND locked AND lockedby OPERATOR(pg_catalog.=) %(who)s
