-- The publications and subscriptions of some tables, and the columns that publications name. Only catalogs are read,
-- without those columns of pg_subscription that only a superuser may read. Run it with an empty search_path, so that all
-- operators are those of pg_catalog.
WITH RECURSIVE asked AS (
    SELECT a.name, c.oid, n.oid AS schema, c.relkind, c.relreplident = 'd' AS by_key
    FROM pg_catalog.unnest(%(tables)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
    JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = part[2]::pg_catalog.name
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence = 'p'
),
-- A change of a table is one of its partitions too, and who publishes a table publishes its partitions.
below AS (
    SELECT a.oid AS asked, a.oid FROM asked AS a
    UNION
    SELECT b.asked, i.inhrelid FROM below AS b JOIN pg_catalog.pg_inherits AS i ON i.inhparent = b.oid
),
above AS (
    SELECT a.oid AS asked, a.oid FROM asked AS a
    UNION
    SELECT u.asked, i.inhparent FROM above AS u JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = u.oid
),
family AS (
    SELECT b.asked, b.oid FROM below AS b UNION SELECT u.asked, u.oid FROM above AS u
),
created AS (
    SELECT a.name, n.oid AS schema
    FROM pg_catalog.unnest(%(created)s::pg_catalog.text[]) AS a(name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(a.name) AS part
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = part[1]::pg_catalog.name
),
published AS (
    SELECT p.oid, a.name, a.by_key FROM pg_catalog.pg_publication AS p, asked AS a WHERE p.puballtables
    UNION
    SELECT r.prpubid, a.name, a.by_key
    FROM asked AS a
    JOIN family AS f ON f.asked = a.oid
    JOIN pg_catalog.pg_publication_rel AS r ON r.prrelid = f.oid
    UNION --: 15+
    SELECT s.pnpubid, a.name, a.by_key --: 15+
    FROM asked AS a --: 15+
    JOIN family AS f ON f.asked = a.oid --: 15+
    JOIN pg_catalog.pg_class AS c ON c.oid = f.oid --: 15+
    JOIN pg_catalog.pg_publication_namespace AS s ON s.pnnspid = c.relnamespace --: 15+
),
will_be_published AS (
    SELECT p.oid, c.name FROM pg_catalog.pg_publication AS p, created AS c WHERE p.puballtables
    UNION --: 15+
    SELECT s.pnpubid, c.name --: 15+
    FROM created AS c --: 15+
    JOIN pg_catalog.pg_publication_namespace AS s ON s.pnnspid = c.schema --: 15+
),
named AS (
    -- In a list of columns, or in WHERE.
    SELECT DISTINCT r.prpubid, a.name, t.attname::pg_catalog.text AS column_name
    FROM asked AS a
    JOIN pg_catalog.pg_publication_rel AS r ON r.prrelid = a.oid
    JOIN pg_catalog.pg_depend AS d
        ON d.classid = r.tableoid AND d.objid = r.oid AND d.refobjid = a.oid AND d.refobjsubid > 0
    JOIN pg_catalog.pg_attribute AS t ON t.attrelid = a.oid AND t.attnum = d.refobjsubid
)
SELECT 'publication',
       pg_catalog.quote_ident(p.pubname),
       (SELECT pg_catalog.array_agg(DISTINCT u.name COLLATE "C") FROM published AS u WHERE u.oid = p.oid),
       (SELECT pg_catalog.array_agg(w.name ORDER BY w.name COLLATE "C")
        FROM will_be_published AS w WHERE w.oid = p.oid),
       (SELECT pg_catalog.array_agg(DISTINCT u.name COLLATE "C")
        FROM published AS u WHERE u.oid = p.oid AND u.by_key AND (p.pubupdate OR p.pubdelete)),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(n.name, n.column_name))
        FROM named AS n WHERE n.prpubid = p.oid)
FROM pg_catalog.pg_publication AS p
WHERE p.oid IN (SELECT u.oid FROM published AS u UNION ALL SELECT w.oid FROM will_be_published AS w)
-- Before 14, only a superuser may read the OID of a subscription.
UNION ALL --: 14+
SELECT 'subscription', --: 14+
       pg_catalog.quote_ident(s.subname), --: 14+
       (SELECT pg_catalog.array_agg(DISTINCT a.name COLLATE "C") --: 14+
        FROM asked AS a --: 14+
        JOIN family AS f ON f.asked = a.oid --: 14+
        JOIN pg_catalog.pg_subscription_rel AS r ON r.srrelid = f.oid AND r.srsubid = s.oid), --: 14+
       NULL, NULL, NULL --: 14+
FROM pg_catalog.pg_subscription AS s --: 14+
WHERE EXISTS ( --: 14+
    SELECT FROM pg_catalog.pg_subscription_rel AS r JOIN family AS f ON f.oid = r.srrelid WHERE r.srsubid = s.oid --: 14+
) --: 14+
ORDER BY 1, 2
