-- Names that belong to no schema: schemas, roles and available extensions. Run it with an empty search_path.
(SELECT 'schema', n.nspname::pg_catalog.text, true
 FROM pg_catalog.pg_namespace AS n
 WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'koonj')
   AND n.nspname !~ '^pg_(toast|temp)'
 LIMIT 2000)
UNION ALL
(SELECT 'role', r.rolname::pg_catalog.text, true
 FROM pg_catalog.pg_roles AS r
 WHERE r.rolname !~ '^pg_'
 LIMIT 2000)
UNION ALL
(SELECT 'extension', e.name::pg_catalog.text, e.installed_version IS NOT NULL
 FROM pg_catalog.pg_available_extensions AS e
 LIMIT 1000)
