{{!
Fills {column} of {table} with {value}, and commits each batch: outside BEGIN and COMMIT.
Which rows: where {where} is true; or, if it is empty, where {column} is NULL and {source} is not.
}}
DO $backfill$
DECLARE
    pages bigint;
    page bigint;
    step bigint;
    changed bigint;
    filled bigint := 0;
    remain boolean;
    began timestamptz;
    reported timestamptz := clock_timestamp();
BEGIN
    -- Walk through the pages of the table until no row is left: one can move while the walk goes on. The first pass
    -- omits rows that others have locked.
    FOR pass IN 1..20 LOOP
        SELECT max(pg_relation_size(part)) / current_setting('block_size')::bigint INTO pages
        FROM (
            SELECT '{{table}}'::regclass UNION SELECT relid FROM pg_partition_tree('{{table}}')
        ) AS parts (part);
        page := 0;
        step := 8;
        WHILE page < pages LOOP
            began := clock_timestamp();
            EXECUTE $batch$
                WITH koonj_batch AS MATERIALIZED (
                    SELECT ctid AS place FROM {{table}}
                    WHERE ctid >= format('(%s,0)', $1)::tid AND ctid < format('(%s,0)', $2)::tid
                        {{#where}}
                        AND ({{where}})
                        {{/where}}
                        {{^where}}
                        AND {{column}} IS NULL AND ({{source}}) IS NOT NULL
                        {{/where}}
                    FOR NO KEY UPDATE
            $batch$ || CASE pass WHEN 1 THEN 'SKIP LOCKED' ELSE '' END || $batch$
                )
                UPDATE {{table}} SET {{column}} = {{value}}
                WHERE ctid = ANY (ARRAY(SELECT place FROM koonj_batch))
                    {{#where}}
                    AND ({{where}})
                    {{/where}}
                    {{^where}}
                    AND {{column}} IS NULL AND ({{source}}) IS NOT NULL
                    {{/where}}
            $batch$ USING page, page + step;
            GET DIAGNOSTICS changed = ROW_COUNT;
            COMMIT;
            filled := filled + changed;
            page := page + step;
            IF clock_timestamp() > reported + interval '5 s' THEN
                reported := clock_timestamp();
                RAISE NOTICE 'pass %: % of % pages, % rows filled', pass, least(page, pages), pages, filled;
            END IF;
            -- The next batch is of a size that takes about 100 ms.
            step := greatest(1, least(
                128, 2 * step, 0.1 * step / greatest(0.001, extract(epoch FROM clock_timestamp() - began))
            ));
        END LOOP;
        EXECUTE $remain$
            SELECT EXISTS (
                SELECT FROM {{table}}
                {{#where}}
                WHERE ({{where}})
                {{/where}}
                {{^where}}
                WHERE {{column}} IS NULL AND ({{source}}) IS NOT NULL
                {{/where}}
            )
        $remain$ INTO remain;
        IF NOT remain THEN
            RETURN;
        END IF;
    END LOOP;
    RAISE EXCEPTION 'after 20 passes there are still rows to fill'
        USING HINT = 'Other sessions write new ones, or the value leaves a row as it is.';
END
$backfill$;
