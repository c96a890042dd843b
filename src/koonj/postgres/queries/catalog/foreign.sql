-- Foreign data wrappers, servers and user mappings. Of options that look like secrets, only a hash is read.
SELECT k.tableoid, k.oid, 'foreign data wrapper', quote_ident(k.fdwname),
       concat('CREATE FOREIGN DATA WRAPPER ', quote_ident(k.fdwname),
              ' HANDLER ' || nullif(k.fdwhandler, 0)::pg_catalog.regproc,
              ' VALIDATOR ' || nullif(k.fdwvalidator, 0)::pg_catalog.regproc,
              ' OPTIONS (' || (SELECT string_agg(quote_ident(o.option_name) || ' ' || quote_literal(o.option_value), ', ')
                               FROM pg_options_to_table(k.fdwoptions) AS o) || ')'),
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, pg_get_userbyid(k.fdwowner),
       k.fdwacl::text[], CASE WHEN k.fdwacl IS NOT NULL THEN acldefault('F', k.fdwowner)::text[] END
FROM pg_catalog.pg_foreign_data_wrapper AS k
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'server', quote_ident(k.srvname),
       concat('CREATE SERVER ', quote_ident(k.srvname), ' TYPE ' || quote_literal(k.srvtype),
              ' VERSION ' || quote_literal(k.srvversion), ' FOREIGN DATA WRAPPER ', quote_ident(w.fdwname),
              ' OPTIONS (' || (SELECT string_agg(quote_ident(o.option_name) || ' ' || quote_literal(o.option_value), ', ')
                               FROM pg_options_to_table(k.srvoptions) AS o) || ')'),
       NULL, NULL, pg_get_userbyid(k.srvowner),
       k.srvacl::text[], CASE WHEN k.srvacl IS NOT NULL THEN acldefault('S', k.srvowner)::text[] END
FROM pg_catalog.pg_foreign_server AS k
JOIN pg_catalog.pg_foreign_data_wrapper AS w ON w.oid = k.srvfdw
WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                  WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT NULL, NULL, 'user mapping', r.name,
       concat('CREATE USER MAPPING ', r.name, ' OPTIONS (' || (
           SELECT string_agg(concat(quote_ident(o.option_name), ' ',
                      CASE WHEN o.option_name ~* 'pass|secret|token|key'
                           THEN '(sha256 ' || substr(encode(sha256(convert_to(o.option_value, 'UTF8')), 'hex'), 1, 6) || '...)'
                           ELSE quote_literal(o.option_value) END), ', ')
           FROM pg_options_to_table(k.umoptions) AS o) || ')'),
       s.tableoid, s.oid, NULL, NULL, NULL
FROM pg_catalog.pg_user_mappings AS k
JOIN pg_catalog.pg_foreign_server AS s ON s.oid = k.srvid
CROSS JOIN LATERAL (SELECT concat('FOR ', quote_ident(k.usename), ' SERVER ', quote_ident(k.srvname)) AS name) AS r
