{{! Drops {schema} if it exists, nothing is in it, and the role may. }}
DO $empty$
BEGIN
    IF EXISTS (
        SELECT FROM pg_namespace n
        WHERE n.oid = to_regnamespace('{{schema}}') AND pg_has_role(n.nspowner, 'USAGE')
            AND NOT EXISTS (
                SELECT FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = n.oid
            )
    ) THEN
        DROP SCHEMA {{schema}};
    END IF;
END
$empty$;
