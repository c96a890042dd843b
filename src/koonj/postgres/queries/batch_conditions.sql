-- Whether the database has a constraint that can be deferred, and which of some relations exist.
SELECT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.condeferrable),
       ARRAY(
           SELECT r.name
           FROM pg_catalog.unnest(%(relations)s::pg_catalog.text[]) AS r (name)
           WHERE pg_catalog.to_regclass(r.name) IS NOT NULL
       )
