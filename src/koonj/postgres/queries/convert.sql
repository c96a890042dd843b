-- Fails with 22P05 if the encoding of the database has no equivalent for a character of the UTF-8 text.
SELECT pg_catalog.convert(%(text)s::pg_catalog.bytea, 'UTF8', %(encoding)s)
