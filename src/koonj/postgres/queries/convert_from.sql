-- Fails with 22021 or 22P05 if one of the values is no text of the encoding, or UTF-8 has no equivalent.
SELECT pg_catalog.convert_from(v.value, %s)
FROM pg_catalog.unnest(%s::pg_catalog.bytea[]) WITH ORDINALITY AS v(value, number)
ORDER BY v.number
