-- ALTER ... DEPENDS ON EXTENSION. DROP EXTENSION drops such an object, although it is not a part of the extension.
SELECT d.classid, d.objid, quote_ident(e.extname)
FROM pg_catalog.pg_depend AS d
JOIN pg_catalog.pg_extension AS e ON e.tableoid = d.refclassid AND e.oid = d.refobjid
WHERE d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'x'
