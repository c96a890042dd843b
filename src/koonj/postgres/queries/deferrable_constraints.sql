-- Constraints that a COMMIT can have to check, by name. SET CONSTRAINTS changes all constraints of one name in a
-- schema, and refuses to defer them if one of them is not deferrable. It cannot name a schema that this role is not
-- allowed to use.
SELECT n.nspname::text,
       k.conname::text,
       pg_catalog.bool_and(k.condeferrable) AND pg_catalog.bool_or(k.condeferred) AS deferred
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) k.connamespace
WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
GROUP BY n.nspname, k.conname
HAVING pg_catalog.bool_or(k.condeferrable)
ORDER BY n.nspname, k.conname
