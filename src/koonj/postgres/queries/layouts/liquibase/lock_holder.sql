-- Who has taken Liquibase's lock, and since when, in the time zone of the session that took it.
SELECT lockedby::pg_catalog.text, lockgranted::pg_catalog.text FROM {lock} WHERE locked
