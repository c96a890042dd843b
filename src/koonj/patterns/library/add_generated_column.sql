-- title: Add a column that is computed
-- group: Columns
-- words: generated column, computed, virtual, stored, derived, GeneratedField
-- about: GENERATED ... STORED writes the whole table again while nobody can read it. Instead, this adds a column that a
--        trigger computes for each new or changed row, and fills existing rows in batches. With PostgreSQL 18,
--        VIRTUAL computes the value when it is read, and takes a moment.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: order_lines
-- field: column
--   kind: name
--   catalog: new column of table
--   example: total
-- field: type
--   kind: type
--   catalog: type
--   example: numeric
-- field: value
--   kind: expression
--   example: quantity * price
--   help: Can use the other columns of the row.
-- field: computed
--   kind: choice
--   choices: by a trigger | virtual
--   default: by a trigger
--   help: virtual needs PostgreSQL 18.
-- field: function
--   label: Function name
--   kind: name
--   catalog: new function
--   default: {{table.name}}_compute_{{column}}
--   asked: no
--
-- migration: add_{{column}}_to_{{table.name}}
-- {{#computed=virtual}}
-- {{column}} of {{table}} is {{value}}, computed when it is read.
BEGIN;

ALTER TABLE {{table}}
    ADD COLUMN IF NOT EXISTS {{column}} {{type}} GENERATED ALWAYS AS ({{value}}) VIRTUAL;

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
-- {{/computed}}
-- {{#computed=by a trigger}}
-- {{column}} of {{table}} is {{value}}: a trigger computes it, for new and changed rows.
-- The block at the end fills existing rows. It has no BEGIN and COMMIT around it, because it commits each batch. If it
-- is interrupted, apply the file again: filled rows are not touched again.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{column}} {{type}};

CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
#variable_conflict use_column
BEGIN
    NEW.{{column}} := (SELECT {{value}} FROM (SELECT NEW.*) AS {{table.name}});
    RETURN NEW;
END
$function$;

CREATE OR REPLACE TRIGGER {{function}} BEFORE INSERT OR UPDATE ON {{table}}
    FOR EACH ROW EXECUTE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();

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
-- DROP TRIGGER IF EXISTS {{function}} ON {{table}};
-- DROP FUNCTION IF EXISTS {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}();
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{column}};
-- COMMIT;
-- {{/computed}}
