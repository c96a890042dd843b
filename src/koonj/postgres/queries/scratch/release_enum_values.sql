-- Let statements use the values that ALTER TYPE ... ADD VALUE added in this transaction, as a COMMIT does. The server
-- remembers these values by their OID: it refuses them (55P04) until the transaction ends, so they get another OID. No row
-- contains them. Whether an OID is odd decides how the server compares it. Without the right to do so, nothing changes.
DO $koonj$
DECLARE
    added record;
    new pg_catalog.oid;
BEGIN
    FOR added IN
        SELECT e.oid, e.enumlabel, e.enumtypid
        FROM pg_catalog.pg_enum AS e
        WHERE pg_catalog.age(e.xmin) OPERATOR(pg_catalog.<=) 0
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('SELECT %L::%s', added.enumlabel, added.enumtypid::pg_catalog.regtype);
        EXCEPTION WHEN unsafe_new_enum_value_usage THEN
            LOOP
                new := pg_catalog.pg_nextoid('pg_catalog.pg_enum', 'oid', 'pg_catalog.pg_enum_oid_index');
                EXIT WHEN pg_catalog.mod(new::pg_catalog.int8, 2)
                    OPERATOR(pg_catalog.=) pg_catalog.mod(added.oid::pg_catalog.int8, 2);
            END LOOP;
            UPDATE pg_catalog.pg_enum SET oid = new WHERE oid OPERATOR(pg_catalog.=) added.oid;
        END;
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;
END
$koonj$
