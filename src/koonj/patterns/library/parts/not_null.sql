{{! A migration that makes {column} of {table} NOT NULL. Meanwhile the constraint {check} says so. }}
-- {{column}} of {{table}} must have a value.
-- The first transaction protects new rows. The second one reads existing rows without blocking reads or writes.
-- If it finds rows without a value, fill them, run the rollback below, then apply again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{column}} IS NOT NULL) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};

COMMIT;

-- Takes a moment: the check proves that no row is NULL. Then it is not needed any more.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{column}} SET NOT NULL;
ALTER TABLE {{table}} DROP CONSTRAINT {{check}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{check}};
-- ALTER TABLE {{table}} ALTER COLUMN {{column}} DROP NOT NULL;
-- COMMIT;
