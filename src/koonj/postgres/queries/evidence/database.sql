SELECT d.oid::pg_catalog.int8, d.datconnlimit, t.spcname::pg_catalog.text
FROM pg_catalog.pg_database AS d
JOIN pg_catalog.pg_tablespace AS t ON t.oid OPERATOR(pg_catalog.=) d.dattablespace
WHERE d.datname OPERATOR(pg_catalog.=) %(name)s::pg_catalog.name
