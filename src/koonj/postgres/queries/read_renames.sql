-- The decisions about renamed files, newest first: the name of the file, and "renamed" with its earlier name.
SELECT name, allowed
FROM koonj.history
WHERE pg_catalog.strpos(allowed, ' ') OPERATOR(pg_catalog.>) 0
ORDER BY id DESC
