-- Sequences. Those of serial and identity columns are parts of their table. The current value is data, so it is
-- omitted.
SELECT c.tableoid, c.oid, 'sequence', r.name,
       concat_ws(E'\n',
           concat('CREATE ', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' END, 'SEQUENCE ', r.name,
                  ' AS ', format_type(s.seqtypid, NULL)),
           concat('START WITH ', s.seqstart, ' INCREMENT BY ', s.seqincrement),
           concat('MINVALUE ', s.seqmin, ' MAXVALUE ', s.seqmax),
           concat('CACHE ', s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' END),
           o.words),
       o.refclassid, o.refobjid, pg_get_userbyid(c.relowner),
       c.relacl::text[], CASE WHEN c.relacl IS NOT NULL THEN acldefault('s', c.relowner)::text[] END
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = c.oid
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name) AS r
LEFT JOIN LATERAL (
    SELECT d.refclassid, d.refobjid,
           concat(CASE d.deptype WHEN 'i' THEN 'IDENTITY OF ' ELSE 'OWNED BY ' END,
                  d.refobjid::pg_catalog.regclass::text, '.', quote_ident(a.attname)) AS words
    FROM pg_catalog.pg_depend AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
    WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.refclassid = c.tableoid
          AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
    LIMIT 1) AS o ON true
WHERE c.relkind = 'S'
      AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = c.tableoid AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')
