-- Run each text of koonj.tries until one of its list succeeds; each in its own subtransaction. What succeeded is in
-- koonj.tried: the index of the text in its list, or -1. The list of errors is in koonj.refused.
DO $koonj$
DECLARE
    lists pg_catalog.jsonb := pg_catalog.current_setting('koonj.tries')::pg_catalog.jsonb;
    list pg_catalog.jsonb;
    done pg_catalog.int4[] := '{}';
    refused pg_catalog.text[] := '{}';
    why pg_catalog.text;
    found pg_catalog.int4;
BEGIN
    FOR list IN SELECT e FROM pg_catalog.jsonb_array_elements(lists) AS e LOOP
        found := -1;
        why := '';
        FOR k IN 0 .. pg_catalog.jsonb_array_length(list) - 1 LOOP
            BEGIN
                EXECUTE list OPERATOR(pg_catalog.->>) k;
                found := k;
                EXIT;
            EXCEPTION WHEN OTHERS THEN
                why := SQLSTATE OPERATOR(pg_catalog.||) ' ' OPERATOR(pg_catalog.||) SQLERRM;
            END;
        END LOOP;
        done := pg_catalog.array_append(done, found);
        refused := pg_catalog.array_append(refused, why);
    END LOOP;
    PERFORM pg_catalog.set_config('koonj.tried', pg_catalog.array_to_json(done)::pg_catalog.text, true);
    PERFORM pg_catalog.set_config('koonj.refused', pg_catalog.array_to_json(refused)::pg_catalog.text, true);
END
$koonj$
