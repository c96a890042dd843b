-- Who holds Liquibase's lock, and since when. The time is that of the session that took it, without a time zone.
SELECT lockedby::pg_catalog.text, lockgranted::pg_catalog.text FROM {table} WHERE locked ORDER BY 1
