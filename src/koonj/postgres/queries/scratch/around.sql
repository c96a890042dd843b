-- Things that a migration can change outside the schema of its database: one per row, in words.
SELECT pg_catalog.concat_ws(' ', 'role', pg_catalog.quote_ident(r.rolname),
           CASE WHEN r.rolsuper THEN 'SUPERUSER' END,
           CASE WHEN NOT r.rolinherit THEN 'NOINHERIT' END,
           CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
           CASE WHEN r.rolcanlogin THEN 'LOGIN' END,
           CASE WHEN r.rolreplication THEN 'REPLICATION' END,
           CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END)
FROM pg_catalog.pg_roles AS r
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'membership of', m.member::regrole, 'in', m.roleid::regrole,
           CASE WHEN m.admin_option THEN 'WITH ADMIN' END)
FROM pg_catalog.pg_auth_members AS m
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'setting', pg_catalog.unnest(s.setconfig),
           'of role ' OPERATOR(pg_catalog.||) NULLIF(s.setrole, 0::oid)::regrole::text,
           'of database ' OPERATOR(pg_catalog.||) pg_catalog.quote_ident(d.datname))
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_database AS d ON d.oid OPERATOR(pg_catalog.=) s.setdatabase
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'database', pg_catalog.quote_ident(d.datname))
FROM pg_catalog.pg_database AS d
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'tablespace', pg_catalog.quote_ident(t.spcname))
FROM pg_catalog.pg_tablespace AS t
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'replication slot', pg_catalog.quote_ident(s.slot_name))
FROM pg_catalog.pg_replication_slots AS s
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'setting', pg_catalog.concat(f.name, '=', f.setting), 'of ALTER SYSTEM')
FROM pg_catalog.pg_file_settings AS f
WHERE f.sourcefile OPERATOR(pg_catalog.~) 'postgresql[.]auto[.]conf$'
UNION ALL
SELECT pg_catalog.concat_ws(' ', 'large object', l.oid)
FROM pg_catalog.pg_largeobject_metadata AS l
