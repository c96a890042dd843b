-- Publications with their tables and schemas.
SELECT p.tableoid, p.oid, 'publication', quote_ident(p.pubname),
       concat('CREATE PUBLICATION ', quote_ident(p.pubname), CASE WHEN p.puballtables THEN ' FOR ALL TABLES' END,
              ' WITH (publish = ''', concat_ws(', ',
                  CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                  CASE WHEN p.pubdelete THEN 'delete' END, CASE WHEN p.pubtruncate THEN 'truncate' END), '''',
              CASE p.pubgencols WHEN 's' THEN ', publish_generated_columns = stored' END, --: 18+
              CASE WHEN p.pubviaroot THEN ', publish_via_partition_root = true' END, ')',
              (SELECT string_agg(concat(E'\nADD TABLE ONLY ', t.prrelid::pg_catalog.regclass::text,
                      (SELECT ' (' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) || ')' --: 15+
                       FROM pg_catalog.pg_attribute AS a --: 15+
                       WHERE a.attrelid = t.prrelid AND a.attnum = ANY (t.prattrs)), --: 15+
                      ' WHERE ' || pg_get_expr(t.prqual, t.prrelid), --: 15+
                      ''), '' ORDER BY t.prrelid::pg_catalog.regclass::text COLLATE "C")
               FROM pg_catalog.pg_publication_rel AS t
               JOIN pg_catalog.pg_class AS c ON c.oid = t.prrelid
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname <> 'koonj'
               WHERE t.prpubid = p.oid),
              (SELECT string_agg(E'\nADD TABLES IN SCHEMA ' || quote_ident(n.nspname), '' --: 15+
                                 ORDER BY n.nspname COLLATE "C") --: 15+
               FROM pg_catalog.pg_publication_namespace AS s --: 15+
               JOIN pg_catalog.pg_namespace AS n ON n.oid = s.pnnspid AND n.nspname <> 'koonj' --: 15+
               WHERE s.pnpubid = p.oid), --: 15+
              ''),
       NULL, NULL, pg_get_userbyid(p.pubowner), NULL, NULL
FROM pg_catalog.pg_publication AS p
