-- title: Change a column's type (1/3): copy it
-- group: Columns
-- words: alter type, alter_column, change_column, AlterField, int to bigint, convert
-- later: change_type_swap
-- about: ALTER TYPE writes the whole table again while nobody can read it. Instead, this adds a second column that a
--        trigger keeps equal, and fills it in batches. Then create the indexes of the column for the new one too, and
--        use the patterns change_type_swap, which gives it the name, and change_type_finish, which drops the old one.
--        Values that cannot be converted are rejected from now on. Not for a primary key, a serial, an identity or a
--        generated column. The new column is the last one of the table; its comment and privileges are not copied.
--
-- field: table
--   kind: qualified_name
--   catalog: table
--   example: orders
-- field: column
--   kind: name
--   catalog: column of table
--   example: amount
-- field: type
--   label: New type
--   kind: type
--   catalog: type
--   example: bigint
-- field: not_null
--   label: NOT NULL
--   kind: choice
--   choices: yes | no
--   default: yes
--   help: As the column is now.
-- field: new_column
--   label: Name until the swap
--   kind: name
--   catalog: new column of table
--   default: {{column}}_new
-- field: function
--   label: Name of trigger and function
--   kind: name
--   catalog: new function
--   default: {{table.name}}_copy_{{column}}
--   asked: no
-- field: check
--   label: Name of the check
--   kind: name
--   catalog: new constraint of table
--   default: {{table.name}}_{{new_column}}_not_null_check
--   asked: no
--
-- migration: copy_{{column}}_of_{{table.name}}_to_{{type}}
-- Adds {{new_column}} to {{table}}: {{column}} as {{type}}. A trigger keeps it equal.
-- The block at the end copies existing values: it updates each row without a change, so that the trigger runs. It has
-- no BEGIN and COMMIT around it, because it commits each batch. If it is interrupted, apply the file again: filled rows
-- are not touched again.
-- Next, create the indexes of {{column}} for {{new_column}} too. When the copy is complete on all targets, create a
-- migration with the koonj pattern change_type_swap.
BEGIN;

ALTER TABLE {{table}} ADD COLUMN IF NOT EXISTS {{new_column}} {{type}};

CREATE OR REPLACE FUNCTION {{#table.schema}}{{table.schema}}.{{/table.schema}}{{function}}() RETURNS trigger
LANGUAGE plpgsql AS $function$
BEGIN
    NEW.{{new_column}} := NEW.{{column}};
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
                        AND {{new_column}} IS NULL AND {{column}} IS NOT NULL
                    FOR NO KEY UPDATE
            $batch$ || CASE pass WHEN 1 THEN 'SKIP LOCKED' ELSE '' END || $batch$
                )
                UPDATE {{table}} SET {{new_column}} = {{new_column}}
                WHERE ctid = ANY (ARRAY(SELECT place FROM koonj_batch))
                    AND {{new_column}} IS NULL AND {{column}} IS NOT NULL
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
                WHERE {{new_column}} IS NULL AND {{column}} IS NOT NULL
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
-- ALTER TABLE {{table}} DROP COLUMN IF EXISTS {{new_column}};
-- COMMIT;
--
-- migration: make_{{new_column}}_of_{{table.name}}_not_null
-- {{#not_null}}
-- {{new_column}} of {{table}} must have a value.
-- The first transaction protects new rows. The second one reads existing rows without blocking reads or writes.
-- If it finds rows without a value, fill them, run the rollback below, then apply again.
BEGIN;

ALTER TABLE {{table}} ADD CONSTRAINT {{check}} CHECK ({{new_column}} IS NOT NULL) NOT VALID;

COMMIT;

BEGIN;

ALTER TABLE {{table}} VALIDATE CONSTRAINT {{check}};

COMMIT;

-- Takes a moment: the check proves that no row is NULL. Then it is not needed any more.
BEGIN;

ALTER TABLE {{table}} ALTER COLUMN {{new_column}} SET NOT NULL;
ALTER TABLE {{table}} DROP CONSTRAINT {{check}};

COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE {{table}} DROP CONSTRAINT IF EXISTS {{check}};
-- ALTER TABLE {{table}} ALTER COLUMN {{new_column}} DROP NOT NULL;
-- COMMIT;
-- {{/not_null}}
