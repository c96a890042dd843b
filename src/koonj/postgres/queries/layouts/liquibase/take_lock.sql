-- Take Liquibase's lock, also if its row is not there yet. No row is changed if another session has it.
INSERT INTO {lock} AS l (id, locked, lockgranted, lockedby)
VALUES (1, true, pg_catalog.now(), %(who)s)
ON CONFLICT (id) DO UPDATE
    SET locked = true, lockgranted = excluded.lockgranted, lockedby = excluded.lockedby
    WHERE NOT l.locked
