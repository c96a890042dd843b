-- Indexes. Properties that a constraint already shows are omitted. INVALID indexes are included; pg_dump skips them.
SELECT c.tableoid, c.oid, 'index', r.name,
       CASE WHEN k.oid IS NULL OR x.more <> '' THEN
           concat(CASE WHEN k.oid IS NULL THEN pg_get_indexdef(c.oid) ELSE 'INDEX ' || r.name END, x.more) END,
       CASE WHEN k.oid IS NULL THEN c.tableoid ELSE k.tableoid END, coalesce(k.oid, i.indrelid),
       NULL, NULL, NULL
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_constraint AS k
    ON k.conindid = c.oid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name) AS r
CROSS JOIN LATERAL (
    SELECT concat(
        CASE WHEN k.oid IS NOT NULL THEN E'\nWITH (' || array_to_string(c.reloptions, ', ') || ')' END,
        CASE WHEN c.reltablespace <> 0 THEN (
            SELECT E'\nTABLESPACE ' || quote_ident(s.spcname) FROM pg_catalog.pg_tablespace AS s
            WHERE s.oid = c.reltablespace) END,
        CASE WHEN c.relispartition THEN (
            SELECT E'\nATTACHED TO ' || p.inhparent::pg_catalog.regclass::text FROM pg_catalog.pg_inherits AS p
            WHERE p.inhrelid = c.oid) END,
        CASE WHEN i.indisclustered THEN E'\nCLUSTER' END,
        CASE WHEN i.indisreplident THEN E'\nREPLICA IDENTITY' END,
        CASE WHEN i.indexprs IS NOT NULL THEN (
            SELECT string_agg(concat(E'\nALTER COLUMN ', a.attnum, ' SET STATISTICS ', a.attstattarget), ''
                              ORDER BY a.attnum)
            FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = c.oid AND a.attstattarget >= 0) END,
        CASE WHEN c.relkind = 'i' AND NOT i.indisvalid THEN E'\nINVALID' END) AS more) AS x
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
