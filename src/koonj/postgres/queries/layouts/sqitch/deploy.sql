-- What sqitch records of a deployed change. The times must be in this order: it looks for a change by a tag that is
-- not older, so tags that the change before it has got meanwhile come first.
WITH registered AS (
    INSERT INTO {projects} (project, uri, created_at, creator_name, creator_email)
    SELECT %(project)s::pg_catalog.text, %(uri)s::pg_catalog.text, pg_catalog.clock_timestamp(),
           %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text
    WHERE NOT EXISTS (
        SELECT FROM {projects} AS p WHERE p.project OPERATOR(pg_catalog.=) %(project)s::pg_catalog.text
    )
),
planned_tags AS (
    SELECT *
    FROM ROWS FROM (
        pg_catalog.unnest(%(tag_ids)s::pg_catalog.text[]),
        pg_catalog.unnest(%(tags)s::pg_catalog.text[]),
        pg_catalog.unnest(%(tag_changes)s::pg_catalog.text[]),
        pg_catalog.unnest(%(tag_notes)s::pg_catalog.text[]),
        pg_catalog.unnest(%(tag_dates)s::pg_catalog.timestamptz[]),
        pg_catalog.unnest(%(tag_planners)s::pg_catalog.text[]),
        pg_catalog.unnest(%(tag_mails)s::pg_catalog.text[])
    ) WITH ORDINALITY AS t(tag_id, tag, change_id, note, planned_at, planner_name, planner_email, place)
),
tags_before AS (
    INSERT INTO {tags} (
        tag_id, tag, project, change_id, note, committed_at, committer_name, committer_email, planned_at,
        planner_name, planner_email
    )
    SELECT t.tag_id, t.tag, %(project)s::pg_catalog.text, t.change_id, t.note, pg_catalog.clock_timestamp(),
           %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text, t.planned_at, t.planner_name, t.planner_email
    FROM planned_tags AS t
    WHERE t.change_id OPERATOR(pg_catalog.<>) %(id)s::pg_catalog.text
      AND EXISTS (SELECT FROM {changes} AS c WHERE c.change_id OPERATOR(pg_catalog.=) t.change_id)
      AND NOT EXISTS (SELECT FROM {tags} AS known WHERE known.tag_id OPERATOR(pg_catalog.=) t.tag_id)
    ORDER BY t.place
    RETURNING tag_id
),
deployed AS (
    INSERT INTO {changes} (
        change_id, script_hash, change, project, note, committed_at, committer_name, committer_email, planned_at,
        planner_name, planner_email
    )
    SELECT %(id)s::pg_catalog.text, %(script_hash)s::pg_catalog.text, %(change)s::pg_catalog.text,
           %(project)s::pg_catalog.text, %(note)s::pg_catalog.text, pg_catalog.clock_timestamp(),
           %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text, %(planned_at)s::pg_catalog.timestamptz,
           %(planner)s::pg_catalog.text, %(planner_mail)s::pg_catalog.text
    FROM (SELECT pg_catalog.count(*) FROM tags_before) AS before
    RETURNING change_id
),
needed AS (
    INSERT INTO {dependencies} (change_id, type, dependency, dependency_id)
    SELECT %(id)s::pg_catalog.text, d.type, d.dependency, d.dependency_id
    FROM ROWS FROM (
        pg_catalog.unnest(%(types)s::pg_catalog.text[]),
        pg_catalog.unnest(%(dependencies)s::pg_catalog.text[]),
        pg_catalog.unnest(%(dependency_ids)s::pg_catalog.text[])
    ) WITH ORDINALITY AS d(type, dependency, dependency_id, place)
    ORDER BY d.place
),
tagged AS (
    INSERT INTO {tags} (
        tag_id, tag, project, change_id, note, committed_at, committer_name, committer_email, planned_at,
        planner_name, planner_email
    )
    SELECT t.tag_id, t.tag, %(project)s::pg_catalog.text, t.change_id, t.note, pg_catalog.clock_timestamp(),
           %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text, t.planned_at, t.planner_name, t.planner_email
    FROM deployed
    JOIN planned_tags AS t ON t.change_id OPERATOR(pg_catalog.=) deployed.change_id
    ORDER BY t.place
)
-- last part
INSERT INTO {events} (
    event, change_id, change, project, note, requires, conflicts, tags, committed_at, committer_name, committer_email,
    planned_at, planner_name, planner_email
)
SELECT 'deploy', change_id, %(change)s::pg_catalog.text, %(project)s::pg_catalog.text, %(note)s::pg_catalog.text,
       %(requires)s::pg_catalog.text[], %(conflicts)s::pg_catalog.text[], %(own_tags)s::pg_catalog.text[],
       pg_catalog.clock_timestamp(), %(name)s::pg_catalog.text, %(mail)s::pg_catalog.text,
       %(planned_at)s::pg_catalog.timestamptz, %(planner)s::pg_catalog.text, %(planner_mail)s::pg_catalog.text
FROM deployed
