-- The last line of postgresql.auto.conf about a setting.
SELECT f.setting
FROM pg_catalog.pg_file_settings AS f
WHERE pg_catalog.lower(f.name) OPERATOR(pg_catalog.=) pg_catalog.lower(%(name)s)
  AND f.sourcefile OPERATOR(pg_catalog.~~) '%%auto.conf'
ORDER BY f.seqno DESC
LIMIT 1
