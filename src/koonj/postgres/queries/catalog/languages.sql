-- Languages and access methods that initdb did not create.
SELECT k.tableoid, k.oid, 'language', quote_ident(k.lanname),
       concat('CREATE', CASE WHEN k.lanpltrusted THEN ' TRUSTED' END, ' LANGUAGE ', quote_ident(k.lanname),
              ' HANDLER ' || nullif(k.lanplcallfoid, 0)::pg_catalog.regproc,
              ' INLINE ' || nullif(k.laninline, 0)::pg_catalog.regproc,
              ' VALIDATOR ' || nullif(k.lanvalidator, 0)::pg_catalog.regproc),
       NULL::pg_catalog.oid, NULL::pg_catalog.oid, pg_get_userbyid(k.lanowner),
       k.lanacl::text[], CASE WHEN k.lanacl IS NOT NULL THEN acldefault('l', k.lanowner)::text[] END
FROM pg_catalog.pg_language AS k
WHERE k.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
UNION ALL
SELECT k.tableoid, k.oid, 'access method', quote_ident(k.amname),
       concat('CREATE ACCESS METHOD ', quote_ident(k.amname), ' TYPE ',
              CASE k.amtype WHEN 'i' THEN 'INDEX' ELSE 'TABLE' END, ' HANDLER ', k.amhandler),
       NULL, NULL, NULL, NULL, NULL
FROM pg_catalog.pg_am AS k
WHERE k.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d
                      WHERE d.classid = k.tableoid AND d.objid = k.oid AND d.deptype = 'e')
