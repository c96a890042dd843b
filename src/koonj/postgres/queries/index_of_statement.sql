-- The index that a CREATE INDEX (with a table) or an ATTACH PARTITION (without one) names. A CREATE INDEX without a
-- name made the newest index of its table. An index is in the schema of its table.
SELECT CASE
    WHEN %(table)s::pg_catalog.text IS NULL THEN pg_catalog.to_regclass(%(index)s)::pg_catalog.oid
    WHEN %(index)s::pg_catalog.text IS NULL THEN (
        SELECT pg_catalog.max(i.indexrelid) FROM pg_catalog.pg_index AS i
        WHERE i.indrelid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(table)s)::pg_catalog.oid)
    ELSE (
        SELECT c.oid FROM pg_catalog.pg_class AS c
        JOIN pg_catalog.pg_class AS t ON t.relnamespace OPERATOR(pg_catalog.=) c.relnamespace
        CROSS JOIN pg_catalog.parse_ident(%(index)s) AS p (parts)
        WHERE t.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass(%(table)s)::pg_catalog.oid
          AND c.relname OPERATOR(pg_catalog.=) p.parts[pg_catalog.array_upper(p.parts, 1)]::pg_catalog.name)
    END
