-- Constraints that a commit may have to check, by the names under which SET CONSTRAINTS knows them: it takes all
-- of one name in a schema, and refuses to defer them where one cannot be. A schema that this role may not use it
-- cannot name.
SELECT n.nspname::text,
       k.conname::text,
       pg_catalog.bool_and(k.condeferrable) AND pg_catalog.bool_or(k.condeferred) AS deferred
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) k.connamespace
WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
GROUP BY n.nspname, k.conname
HAVING pg_catalog.bool_or(k.condeferrable)
ORDER BY n.nspname, k.conname
