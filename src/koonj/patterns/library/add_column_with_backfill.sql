-- title: Add a column with a value for each row
-- group: Columns
-- words: uuid, random, volatile default, gen_random_uuid, new column, backfill, default, not null
-- about: For a default that is different for each row, such as gen_random_uuid(), or that depends on other columns.
--        With ADD COLUMN alone PostgreSQL writes the whole table again while nobody can read it. Instead, this adds
--        the column, sets the default for new rows, and fills existing rows in batches. NOT NULL is a second file.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: documents
-- field: column
--   kind: name
--   catalog: new column of table
--   example: public_id
-- field: type
--   kind: type
--   catalog: type
--   example: uuid
-- field: default
--   label: Default of new rows
--   kind: expression
--   example: gen_random_uuid()
--   help: It cannot use other columns.
-- field: value
--   label: Value of existing rows
--   kind: expression
--   default: {{default}}
--   example: gen_random_uuid()
--   help: It can use other columns.
-- field: not_null
--   label: NOT NULL
--   kind: choice
--   choices: yes | no
--   default: yes
-- field: check
--   label: Name of the check
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{column}}_not_null_check
--   asked: no
--
-- migration: add_{{column}}_to_{{table.name}}
-- Adds {{column}} to {{table}}, sets its default for new rows, then fills existing rows.
-- The block at the end has no BEGIN and COMMIT around it, because it commits each batch. If it is interrupted, apply
-- the file again: filled rows are not touched again.
-- The rollback deletes the values in the column.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{column}} {{type}};
ALTER TABLE {{table}} ALTER COLUMN {{column}} SET DEFAULT {{default}};

COMMIT;

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
                        AND {{column}} IS NULL AND ({{value}}) IS NOT NULL
                    FOR NO KEY UPDATE
            $batch$ || CASE pass WHEN 1 THEN 'SKIP LOCKED' ELSE '' END || $batch$
                )
                UPDATE {{table}} SET {{column}} = {{value}}
                WHERE ctid = ANY (ARRAY(SELECT place FROM koonj_batch))
                    AND {{column}} IS NULL
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
                WHERE {{column}} IS NULL AND ({{value}}) IS NOT NULL
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

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
--
-- migration: make_{{column}}_of_{{table.name}}_not_null
-- {{#not_null}}
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
-- {{/not_null}}
