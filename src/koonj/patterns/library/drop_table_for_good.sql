-- title: Drop a table: the final drop
-- about: The second half of a safe drop, for a table that drop_table moved out of the way and that nobody has missed
--        since. There is no way back: make this file only when the first one has been applied everywhere for long
--        enough, for an apply of all pending files runs both.
--
-- field: table
--   kind: name
--   example: old_sessions
-- field: trash
--   label: In schema
--   kind: name
--   default: trash
--   help: Where drop_table moved it.
--
-- migration: drop_{{table}}_for_good
-- Drops {{trash}}.{{table}}, which an earlier file moved out of the way, with all its rows.
-- Its foreign keys go first, each in a transaction of its own: DROP TABLE would lock all the tables that they point
-- to until it is done.

DO $keys$
DECLARE
    doomed regclass := to_regclass('{{trash}}.{{table}}');
    key name;
BEGIN
    FOR key IN SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = doomed LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', doomed, key);
        COMMIT;
    END LOOP;
END
$keys$;

BEGIN;

DROP TABLE IF EXISTS {{trash}}.{{table}};
DO $empty$
BEGIN
    IF EXISTS (
        SELECT FROM pg_namespace n
        WHERE n.oid = to_regnamespace('{{trash}}') AND pg_has_role(n.nspowner, 'USAGE')
            AND NOT EXISTS (
                SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid
            )
    ) THEN
        DROP SCHEMA {{trash}};
    END IF;
END
$empty$;

COMMIT;

-- Rollback: none: the rows are gone; a backup has them.
