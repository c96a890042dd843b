-- The row of a changeset that is rolled back.
DELETE FROM {table}
WHERE id OPERATOR(pg_catalog.=) %(id)s
  AND author OPERATOR(pg_catalog.=) %(author)s
  AND filename OPERATOR(pg_catalog.=) %(filename)s
