-- Run the query of each entry of koonj.tries; if it fails, one query for each row. The results are in koonj.tried.
DO $koonj$
DECLARE
    entries pg_catalog.jsonb := pg_catalog.current_setting('koonj.tries')::pg_catalog.jsonb;
    entry pg_catalog.jsonb;
    rows pg_catalog.text[];
    one pg_catalog.text;
    part pg_catalog.json;
    found pg_catalog.jsonb;
    results pg_catalog.jsonb := '[]';
BEGIN
    FOR entry IN SELECT e FROM pg_catalog.jsonb_array_elements(entries) AS e LOOP
        found := '[]';
        rows := ARRAY(SELECT r FROM pg_catalog.jsonb_array_elements_text(entry OPERATOR(pg_catalog.->) 'rows') AS r);
        BEGIN
            EXECUTE pg_catalog.concat(entry OPERATOR(pg_catalog.->>) 'before', pg_catalog.array_to_string(rows, ', '),
                                      entry OPERATOR(pg_catalog.->>) 'after') INTO part;
            found := coalesce(part::pg_catalog.jsonb, '[]');
        EXCEPTION WHEN OTHERS THEN
            FOREACH one IN ARRAY rows LOOP
                BEGIN
                    EXECUTE pg_catalog.concat(entry OPERATOR(pg_catalog.->>) 'before', one,
                                              entry OPERATOR(pg_catalog.->>) 'after') INTO part;
                    found := found OPERATOR(pg_catalog.||) coalesce(part::pg_catalog.jsonb, '[]');
                EXCEPTION WHEN OTHERS THEN
                    NULL;
                END;
            END LOOP;
        END;
        results := results OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_array(found);
    END LOOP;
    PERFORM pg_catalog.set_config('koonj.tried', results::pg_catalog.text, true);
END
$koonj$
