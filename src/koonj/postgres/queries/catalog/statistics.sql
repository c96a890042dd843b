-- Extended statistics.
SELECT s.tableoid, s.oid, 'statistics', quote_ident(n.nspname) || '.' || quote_ident(s.stxname),
       concat(pg_get_statisticsobjdef(s.oid),
              CASE WHEN s.stxstattarget >= 0 THEN E'\nSTATISTICS ' || s.stxstattarget END),
       c.tableoid, c.oid, pg_get_userbyid(s.stxowner), NULL, NULL
FROM pg_catalog.pg_statistic_ext AS s
JOIN pg_catalog.pg_namespace AS n ON n.oid = s.stxnamespace
JOIN pg_catalog.pg_class AS c ON c.oid = s.stxrelid
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = s.tableoid AND d.objid = s.oid AND d.deptype = 'e')
