-- The errors of the page that read_next_page.sql reads: among the first entries with an error are all of them.
SELECT id, error
FROM koonj.history
-- include history_after
  AND error IS NOT NULL
ORDER BY id
LIMIT %(limit)s
