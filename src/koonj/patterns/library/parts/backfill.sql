{{!
Fills {column} of {table} with {value}, and commits each batch: outside BEGIN and COMMIT.
Which rows: where {where} is true; or, if it is empty, where {column} is NULL and {source} is not.
}}
DO $backfill$
DECLARE
    -- Rows that other sessions have locked are tried again, until there was no success for so long.
    patience interval := '1 min';
    owner regclass := '{{table}}';
    strength text := 'FOR NO KEY UPDATE';
    pages bigint;
    page bigint;
    step bigint;
    pass int := 0;
    found bigint;
    changed bigint;
    tried bigint;
    filled bigint := 0;
    remaining bigint;
    fewest bigint;
    useless int := 0;
    pause float := 0.02;
    sessions text;
    began timestamptz;
    succeeded timestamptz := clock_timestamp();
    reported timestamptz := clock_timestamp();
    told timestamptz := clock_timestamp();
BEGIN
    -- If the column is in a unique index, an UPDATE also waits for sessions that insert references to the row.
    IF EXISTS (
        SELECT FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
        WHERE indrelid IN (SELECT owner UNION SELECT relid FROM pg_partition_tree(owner))
            AND indisunique AND attname = (parse_ident('{{column}}'))[1]
    ) THEN
        strength := 'FOR UPDATE';
    END IF;

    -- Walk through the pages of the table until no row is left. It does not wait for locked rows, but comes back to
    -- them. A row can also move while the walk goes on.
    LOOP
        SELECT max(pg_relation_size(part)) / current_setting('block_size')::bigint INTO pages
        FROM (SELECT owner UNION SELECT relid FROM pg_partition_tree(owner)) AS parts (part);
        pass := pass + 1;
        page := 0;
        step := 8;
        tried := 0;
        WHILE page < pages LOOP
            began := clock_timestamp();
            EXECUTE $batch$
                WITH koonj_batch AS MATERIALIZED (
                    SELECT tableoid AS part, ctid AS place FROM {{table}}
                    WHERE ctid >= format('(%s,0)', $1)::tid AND ctid < format('(%s,0)', $2)::tid
                        {{#where}}
                        AND ({{where}})
                        {{/where}}
                        {{^where}}
                        AND {{column}} IS NULL AND ({{source}}) IS NOT NULL
                        {{/where}}
                    $batch$ || strength || $batch$ SKIP LOCKED
                ), koonj_filled AS (
                    UPDATE {{table}} SET {{column}} = {{value}}
                    WHERE ctid = ANY (ARRAY(SELECT place FROM koonj_batch))
                        AND (tableoid, ctid) IN (SELECT part, place FROM koonj_batch)
                    RETURNING 1
                )
                SELECT (SELECT count(*) FROM koonj_batch), (SELECT count(*) FROM koonj_filled)
            $batch$ INTO found, changed USING page, page + step;
            COMMIT;
            tried := tried + found;
            filled := filled + changed;
            page := page + step;
            IF page < pages AND clock_timestamp() > reported + interval '5 s' THEN
                reported := clock_timestamp();
                RAISE NOTICE 'pass %: % of % pages, % rows filled', pass, page, pages, filled;
            END IF;
            -- The next batch is of a size that takes about 100 ms.
            step := greatest(1, least(
                128, 2 * step, 0.1 * step / greatest(0.001, extract(epoch FROM clock_timestamp() - began))
            ));
        END LOOP;

        EXECUTE $remaining$
            SELECT count(*) FROM {{table}}
            {{#where}}
            WHERE ({{where}})
            {{/where}}
            {{^where}}
            WHERE {{column}} IS NULL AND ({{source}}) IS NOT NULL
            {{/where}}
        $remaining$ INTO remaining;
        COMMIT;
        EXIT WHEN remaining = 0;
        IF fewest IS NULL OR remaining < fewest THEN
            fewest := remaining;
            useless := 0;
            pause := 0.02;
            succeeded := clock_timestamp();
        ELSIF tried > 0 THEN
            useless := useless + 1;
        END IF;
        IF useless = 20 THEN
            RAISE EXCEPTION 'after % passes % has still rows to fill: %', pass, owner, remaining
                USING HINT = 'Other sessions write new ones, or the value leaves a row as it is.';
        END IF;

        -- Only locked rows are left.
        IF tried = 0 THEN
            IF clock_timestamp() > succeeded + patience THEN
                SELECT string_agg(DISTINCT concat_ws(', ', coalesce('process ' || pid, 'a prepared transaction'),
                    nullif(application_name, ''), state), '; ') INTO sessions
                FROM pg_locks LEFT JOIN pg_stat_activity USING (pid)
                WHERE pid IS DISTINCT FROM pg_backend_pid() AND mode IN ('RowShareLock', 'RowExclusiveLock')
                    AND relation IN (SELECT owner UNION SELECT relid FROM pg_partition_tree(owner));
                RAISE EXCEPTION 'rows of % still locked by other sessions after %: %', owner, patience, remaining
                    USING ERRCODE = 'lock_not_available',
                        DETAIL = 'Sessions that use the table: ' || coalesce(sessions, 'none') || '.',
                        HINT = 'Wait for these sessions or end them, then apply this again: filled rows stay filled.';
            END IF;
            IF clock_timestamp() > told + interval '5 s' THEN
                told := clock_timestamp();
                RAISE NOTICE 'pass %: % rows filled, % locked by other sessions', pass, filled, remaining;
            END IF;
            PERFORM pg_sleep(pause);
            pause := least(1, 2 * pause);
        END IF;
    END LOOP;
END
$backfill$;
