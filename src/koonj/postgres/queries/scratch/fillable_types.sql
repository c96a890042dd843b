-- The types of all columns of tables, and the types that these consist of.
WITH RECURSIVE used(oid) AS (
    SELECT DISTINCT a.atttypid
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid OPERATOR(pg_catalog.>=) 16384::oid
      AND a.attnum OPERATOR(pg_catalog.>) 0
      AND NOT a.attisdropped
    UNION
    SELECT part.oid
    FROM used
    JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) used.oid
    CROSS JOIN LATERAL (
        SELECT t.typbasetype
        UNION ALL
        SELECT t.typelem WHERE t.typcategory OPERATOR(pg_catalog.=) 'A'::"char"
        UNION ALL
        SELECT r.rngsubtype FROM pg_catalog.pg_range AS r WHERE r.rngtypid OPERATOR(pg_catalog.=) t.oid
        UNION ALL
        SELECT a.atttypid
        FROM pg_catalog.pg_attribute AS a
        WHERE t.typtype OPERATOR(pg_catalog.=) 'c'::"char"
          AND a.attrelid OPERATOR(pg_catalog.=) t.typrelid
          AND a.attnum OPERATOR(pg_catalog.>) 0
          AND NOT a.attisdropped
    ) AS part(oid)
    WHERE part.oid OPERATOR(pg_catalog.<>) 0::oid
)
SELECT t.oid::bigint,
       t.typname::text,
       t.typtype::text,
       t.typcategory::text,
       pg_catalog.format_type(t.oid, NULL),
       CASE WHEN t.typbasetype OPERATOR(pg_catalog.<>) 0::oid THEN t.typbasetype::bigint END,
       t.typtypmod,
       CASE WHEN t.typcategory OPERATOR(pg_catalog.=) 'A'::"char" THEN t.typelem::bigint END,
       (SELECT r.rngsubtype::bigint FROM pg_catalog.pg_range AS r WHERE r.rngtypid OPERATOR(pg_catalog.=) t.oid),
       (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum AS e WHERE e.enumtypid OPERATOR(pg_catalog.=) t.oid),
       (SELECT pg_catalog.json_agg(pg_catalog.json_build_array(a.atttypid::bigint, a.atttypmod) ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        WHERE t.typtype OPERATOR(pg_catalog.=) 'c'::"char"
          AND a.attrelid OPERATOR(pg_catalog.=) t.typrelid
          AND a.attnum OPERATOR(pg_catalog.>) 0
          AND NOT a.attisdropped),
       (SELECT pg_catalog.json_agg(pg_catalog.pg_get_expr(k.conbin, 0))
        FROM pg_catalog.pg_constraint AS k
        WHERE k.contypid OPERATOR(pg_catalog.=) t.oid AND k.contype OPERATOR(pg_catalog.=) 'c'::"char")
FROM used
JOIN pg_catalog.pg_type AS t ON t.oid OPERATOR(pg_catalog.=) used.oid
