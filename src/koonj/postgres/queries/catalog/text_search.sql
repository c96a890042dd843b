-- Text search: parsers, templates, dictionaries, configurations.
SELECT k.tableoid, k.oid, 'text search parser', r.name,
       concat('CREATE TEXT SEARCH PARSER ', r.name, ' (START = ', k.prsstart, ', GETTOKEN = ', k.prstoken,
              ', END = ', k.prsend, ', HEADLINE = ' || nullif(k.prsheadline, 0)::pg_catalog.regproc,
              ', LEXTYPES = ', k.prslextype, ')'),
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, NULL::pg_catalog.name, NULL::text[], NULL::text[]
FROM pg_catalog.pg_ts_parser AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.prsnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.prsname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'text search template', r.name,
       concat('CREATE TEXT SEARCH TEMPLATE ', r.name, ' (INIT = ' || nullif(k.tmplinit, 0)::pg_catalog.regproc || ',',
              ' LEXIZE = ', k.tmpllexize, ')'),
       NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_ts_template AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.tmplnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.tmplname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'text search dictionary', r.name,
       concat('CREATE TEXT SEARCH DICTIONARY ', r.name, ' (TEMPLATE = ', quote_ident(tn.nspname), '.',
              quote_ident(t.tmplname), ', ' || k.dictinitoption, ')'),
       NULL, NULL, pg_get_userbyid(k.dictowner), NULL, NULL
FROM pg_catalog.pg_ts_dict AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.dictnamespace
JOIN pg_catalog.pg_ts_template AS t ON t.oid = k.dicttemplate
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.tmplnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.dictname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'text search configuration', r.name,
       concat('CREATE TEXT SEARCH CONFIGURATION ', r.name, ' (PARSER = ', quote_ident(pn.nspname), '.',
              quote_ident(p.prsname), ')', (
           SELECT string_agg(concat(E'\nADD MAPPING FOR ', t.alias, ' WITH ', t.dictionaries), '' ORDER BY t.alias COLLATE "C")
           FROM (SELECT y.alias, string_agg(m.mapdict::pg_catalog.regdictionary::text, ', '
                                            ORDER BY m.mapseqno) AS dictionaries
                 FROM pg_catalog.pg_ts_config_map AS m
                 JOIN ts_token_type(k.cfgparser) AS y ON y.tokid = m.maptokentype
                 WHERE m.mapcfg = k.oid GROUP BY y.alias) AS t)),
       NULL, NULL, pg_get_userbyid(k.cfgowner), NULL, NULL
FROM pg_catalog.pg_ts_config AS k
JOIN pg_catalog.pg_namespace AS n ON n.oid = k.cfgnamespace
JOIN pg_catalog.pg_ts_parser AS p ON p.oid = k.cfgparser
JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.prsnamespace
CROSS JOIN LATERAL (SELECT quote_ident(n.nspname) || '.' || quote_ident(k.cfgname) AS name) AS r
WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'koonj')
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
