-- Large objects, each with a hash of its contents.
SELECT l.oid::bigint, pg_catalog.md5(pg_catalog.lo_get(l.oid))
FROM pg_catalog.pg_largeobject_metadata AS l
