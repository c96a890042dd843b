-- title: Create a materialized view
-- group: Code
-- place: 3
-- words: cached query, snapshot, refresh, unique index
-- about: A query whose rows are stored. It is created empty, so that no name is locked while the query runs, and filled
--        in a transaction of its own. The unique index allows REFRESH … CONCURRENTLY, which does not block readers.
--
-- field: view
--   kind: qualified_name
--   catalog: new materialized view
--   example: order_totals
-- field: query
--   kind: query
--   example: SELECT user_id, count(*) AS orders FROM orders GROUP BY user_id
-- field: key
--   label: Unique columns
--   kind: names
--   example: user_id
--   help: Columns of the query that identify each row.
-- field: index
--   label: Index name
--   kind: name
--   catalog: new index
--   default: {{view.name}}_{{key}}_idx
--
-- migration: create_{{view.name}}
-- Materialized view {{view}}, and the unique index that a REFRESH … CONCURRENTLY needs.
-- The second transaction runs the query for the first time. Until then, reading the view is an error.
BEGIN;

CREATE MATERIALIZED VIEW {{view}} AS
{{query}}
WITH NO DATA;
CREATE UNIQUE INDEX {{index}} ON {{view}} ({{key}});

COMMIT;

BEGIN;

REFRESH MATERIALIZED VIEW {{view}};

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP MATERIALIZED VIEW {{view}};
-- COMMIT;
