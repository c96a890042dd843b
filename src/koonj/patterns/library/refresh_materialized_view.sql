-- title: Refresh a materialized view
-- group: Code
-- place: 4
-- words: update, concurrently
-- about: Runs the query of the view again without blocking readers. The view needs a unique index on columns, without a
--        WHERE, and must have been filled before.
--
-- field: view
--   kind: qualified_name
--   catalog: materialized view
--   example: order_totals
--
-- migration: refresh_{{view.name}}
-- Fills {{view}} with the current rows. Readers see the rows from before until it ends.
BEGIN;

REFRESH MATERIALIZED VIEW CONCURRENTLY {{view}};

COMMIT;

-- Rollback: nothing to undo: the view has the rows of its query, as after every refresh.
