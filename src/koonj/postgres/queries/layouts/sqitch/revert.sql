-- What sqitch records of a reverted change: an event, with what the registry had of it.
WITH untagged AS (
    DELETE FROM {tags} WHERE change_id OPERATOR(pg_catalog.=) %(id)s::pg_catalog.text RETURNING tag
),
reverted AS (
    DELETE FROM {changes}
    WHERE change_id OPERATOR(pg_catalog.=) %(id)s::pg_catalog.text
    RETURNING change_id, change, project, note, planned_at, planner_name, planner_email
)
-- last part
INSERT INTO {events} (
    event, change_id, change, project, note, requires, conflicts, tags, committed_at, committer_name, committer_email,
    planned_at, planner_name, planner_email
)
SELECT 'revert', r.change_id, r.change, r.project, r.note,
       ARRAY(
           SELECT d.dependency FROM {dependencies} AS d
           WHERE d.change_id OPERATOR(pg_catalog.=) r.change_id AND d.type OPERATOR(pg_catalog.=) 'require'
       ),
       ARRAY(
           SELECT d.dependency FROM {dependencies} AS d
           WHERE d.change_id OPERATOR(pg_catalog.=) r.change_id AND d.type OPERATOR(pg_catalog.=) 'conflict'
       ),
       ARRAY(SELECT u.tag FROM untagged AS u),
       pg_catalog.clock_timestamp(), %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text,
       r.planned_at, r.planner_name, r.planner_email
FROM reverted AS r
