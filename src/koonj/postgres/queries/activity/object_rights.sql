-- Which functions and types the current role may not create, alter or drop. Names without a schema are looked up in the
-- search_path with which the session began. Only catalogs are read. Run it with an empty search_path, so that all
-- operators are those of pg_catalog.
WITH asked AS (
    SELECT a.number, a.kind, a.act, a.schema, a.name, a.bare
    FROM ROWS FROM (
        pg_catalog.unnest(%(kinds)s::pg_catalog.text[]), pg_catalog.unnest(%(acts)s::pg_catalog.text[]),
        pg_catalog.unnest(%(schemas)s::pg_catalog.text[]), pg_catalog.unnest(%(names)s::pg_catalog.text[]),
        pg_catalog.unnest(%(bare)s::pg_catalog.bool[])
    ) WITH ORDINALITY AS a(kind, act, schema, name, bare, number)
),
path AS (
    SELECT n.oid, p.place
    FROM pg_catalog.pg_settings AS s
    CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(s.reset_val, ','))
        WITH ORDINALITY AS p(item, place)
    CROSS JOIN LATERAL pg_catalog.btrim(p.item) AS word
    JOIN pg_catalog.pg_namespace AS n
        ON n.nspname = CASE
            WHEN word IN ('"$user"', '$user') THEN CURRENT_USER
            WHEN word LIKE '"%%"'
            THEN pg_catalog.replace(
                     pg_catalog.substr(word, 2, pg_catalog.length(word) - 2), '""', '"'
                 )::pg_catalog.name
            ELSE pg_catalog.lower(word)::pg_catalog.name
        END
    WHERE s.name = 'search_path' AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
),
home AS (
    -- The schema that is named, or in which a new object is created.
    SELECT a.number, coalesce(n.oid, (SELECT p.oid FROM path AS p ORDER BY p.place LIMIT 1)) AS schema
    FROM asked AS a
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = a.schema::pg_catalog.name
    WHERE a.schema IS NULL OR n.oid IS NOT NULL
),
object AS (
    SELECT f.oid, 'function' AS kind, f.proname AS name, f.pronamespace AS schema, f.proowner AS owner,
           f.pronargs = 0 AS bare
    FROM pg_catalog.pg_proc AS f
    WHERE f.proname IN (SELECT a.name::pg_catalog.name FROM asked AS a WHERE a.kind = 'function')
    UNION ALL
    SELECT t.oid, 'type', t.typname, t.typnamespace, t.typowner, false
    FROM pg_catalog.pg_type AS t
    WHERE t.typname IN (SELECT a.name::pg_catalog.name FROM asked AS a WHERE a.kind = 'type')
),
found AS (
    SELECT a.number, a.act, n.nspname, o.name, o.owner,
           NOT pg_catalog.pg_has_role(o.owner, 'USAGE')
           AND NOT (a.act = 'drop' AND pg_catalog.pg_has_role(n.nspowner, 'USAGE')) AS refused
    FROM asked AS a
    JOIN home AS h ON h.number = a.number
    JOIN object AS o ON o.kind = a.kind AND o.name = a.name::pg_catalog.name
    JOIN pg_catalog.pg_namespace AS n ON n.oid = o.schema
    -- CREATE OR REPLACE replaces a function with the same arguments; only that it has none is known for certain.
    WHERE CASE
        WHEN a.act = 'create' THEN false
        WHEN a.act = 'replace' THEN o.schema = h.schema AND a.bare AND o.bare
        WHEN a.schema IS NULL THEN o.schema IN (SELECT p.oid FROM path AS p)
        ELSE o.schema = h.schema
    END
),
owned AS (
    -- Several functions can have the name: it is certain only if none of them is allowed.
    SELECT f.number, pg_catalog.min(f.nspname::pg_catalog.text) AS schema,
           pg_catalog.min(f.name::pg_catalog.text) AS name, pg_catalog.min(f.owner::pg_catalog.text) AS owner
    FROM found AS f
    GROUP BY f.number
    HAVING pg_catalog.bool_and(f.refused)
)
SELECT a.number::pg_catalog.int4,
       CASE WHEN a.act IN ('create', 'replace') AND NOT pg_catalog.has_schema_privilege(h.schema, 'CREATE')
           THEN (SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace AS n WHERE n.oid = h.schema)
       END,
       pg_catalog.quote_ident(o.schema) || '.' || pg_catalog.quote_ident(o.name),
       r.rolname::pg_catalog.text, pg_catalog.quote_ident(r.rolname), r.rolsuper,
       pg_catalog.pg_has_role(
           SESSION_USER, r.oid,
           CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 >= 160000
               THEN 'SET' ELSE 'MEMBER' END
       )
FROM asked AS a
JOIN home AS h ON h.number = a.number
LEFT JOIN owned AS o ON o.number = a.number
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = o.owner::pg_catalog.oid
ORDER BY a.number
