-- The entries above an id: all, or those of some names, or of the names that begin with a number.
WHERE id OPERATOR(pg_catalog.>) %(after)s::pg_catalog.int8
  AND (%(names)s::pg_catalog.text[] IS NULL
       OR name OPERATOR(pg_catalog.=) ANY (%(names)s::pg_catalog.text[])
       OR name OPERATOR(pg_catalog.~) %(start)s::pg_catalog.text)
