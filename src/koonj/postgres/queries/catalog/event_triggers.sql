-- Event triggers.
SELECT e.tableoid, e.oid, 'event trigger', quote_ident(e.evtname),
       concat('CREATE EVENT TRIGGER ', quote_ident(e.evtname), ' ON ', e.evtevent,
              E'\nWHEN TAG IN (' || (SELECT string_agg(quote_literal(t), ', ' ORDER BY t COLLATE "C")
                                     FROM unnest(e.evttags) AS t) || ')',
              E'\nEXECUTE FUNCTION ', e.evtfoid::pg_catalog.regproc, '()',
              CASE e.evtenabled WHEN 'D' THEN E'\nDISABLE' WHEN 'R' THEN E'\nENABLE REPLICA'
                                WHEN 'A' THEN E'\nENABLE ALWAYS' END),
       NULL, NULL, pg_get_userbyid(e.evtowner), NULL, NULL
FROM pg_catalog.pg_event_trigger AS e
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = e.tableoid AND d.objid = e.oid AND d.deptype = 'e')
