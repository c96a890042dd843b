-- ALTER DEFAULT PRIVILEGES: the granted privileges, and the built-in ones that they replace (for all schemas).
SELECT concat('for role ', quote_ident(r.name), ' in schema ' || quote_ident(n.nspname), ' on ',
              CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'
                   WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas' WHEN 'L' THEN 'large objects' END),
       r.name, a.defaclacl::text[],
       CASE WHEN n.oid IS NULL
            THEN acldefault(CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype END, a.defaclrole)::text[]
            ELSE '{}' END
FROM pg_catalog.pg_default_acl AS a
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = a.defaclnamespace
CROSS JOIN LATERAL (SELECT pg_get_userbyid(a.defaclrole) AS name) AS r
WHERE n.nspname IS DISTINCT FROM 'koonj'
