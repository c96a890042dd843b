-- The row of a changeset that has run. If it has one (runOnChange, runAlways), that is replaced and keeps its tag.
-- The version of Liquibase is that of the newest row. The deployment is known by the last ten digits of a time in
-- milliseconds: here when the lock was taken, so it is the same in the whole run.
WITH before AS (
    DELETE FROM {table}
    WHERE id OPERATOR(pg_catalog.=) %(id)s
      AND author OPERATOR(pg_catalog.=) %(author)s
      AND filename OPERATOR(pg_catalog.=) %(filename)s
    RETURNING tag
),
newest AS (
    SELECT h.liquibase FROM {table} AS h ORDER BY h.dateexecuted DESC, h.orderexecuted DESC LIMIT 1
),
deployment AS (
    SELECT pg_catalog.right(
               pg_catalog.floor(
                   pg_catalog.date_part('epoch', l.lockgranted::pg_catalog.timestamptz)
                   OPERATOR(pg_catalog.*) 1000
               )::pg_catalog.int8::pg_catalog.text,
               10
           ) AS id
    FROM {lock} AS l
    WHERE l.id OPERATOR(pg_catalog.=) 1
)
-- last part
INSERT INTO {table} (
    id, author, filename, dateexecuted, orderexecuted, exectype, md5sum, description, comments, tag, liquibase,
    deployment_id
)
SELECT %(id)s,
       %(author)s,
       %(filename)s,
       pg_catalog.clock_timestamp(),
       coalesce(
           (SELECT pg_catalog.max(h.orderexecuted) FROM {table} AS h) OPERATOR(pg_catalog.+) 1,
           1
       ),
       CASE WHEN EXISTS (SELECT FROM before) THEN 'RERAN' ELSE 'EXECUTED' END,
       %(md5sum)s,
       'sql',
       %(comments)s,
       (SELECT b.tag FROM before AS b),
       (SELECT n.liquibase FROM newest AS n),
       (SELECT d.id FROM deployment AS d)
