-- How many of the indexes have been replaced (their names have other oids), of how many, and what REINDEX left.
WITH wanted AS (
    SELECT w.oid, c.oid::pg_catalog.int8 AS now
    FROM pg_catalog.jsonb_to_recordset(%(indexes)s::pg_catalog.jsonb)
        AS w (oid pg_catalog.int8, schema pg_catalog.text, name pg_catalog.text)
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname OPERATOR(pg_catalog.=) w.schema::pg_catalog.name
    LEFT JOIN pg_catalog.pg_class AS c
        ON c.relnamespace OPERATOR(pg_catalog.=) n.oid AND c.relname OPERATOR(pg_catalog.=) w.name::pg_catalog.name
)
SELECT pg_catalog.count(*) FILTER (WHERE w.now OPERATOR(pg_catalog.<>) w.oid), pg_catalog.count(*),
       ARRAY(
           SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname)
           FROM pg_catalog.pg_index AS i
           JOIN pg_catalog.pg_class AS c ON c.oid OPERATOR(pg_catalog.=) i.indexrelid
           JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
           WHERE i.indrelid::pg_catalog.int8 OPERATOR(pg_catalog.=) ANY (%(tables)s::pg_catalog.int8[])
             AND NOT i.indisvalid
             AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$'
           ORDER BY 1
       )
FROM wanted AS w
