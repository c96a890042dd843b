-- All calls that the catalog knows: class, object and column.
SELECT x.classid::bigint, x.objid::bigint, x.objsubid, pg_catalog.array_agg(DISTINCT called.name)
-- include demands/called
GROUP BY x.classid, x.objid, x.objsubid
