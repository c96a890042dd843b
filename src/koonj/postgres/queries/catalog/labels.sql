-- Security labels.
SELECT l.classoid, l.objoid, quote_ident(a.attname), l.label, l.provider
FROM pg_catalog.pg_seclabel AS l
LEFT JOIN pg_catalog.pg_attribute AS a ON l.objsubid > 0 AND a.attrelid = l.objoid AND a.attnum = l.objsubid
