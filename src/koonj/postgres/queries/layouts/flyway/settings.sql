-- The search_path of a migration: as Flyway sets it, the schema of the history before that of the connection.
-- source: Flyway 5753965, PostgreSQLConnection.changeCurrentSchemaTo
SELECT pg_catalog.set_config('search_path', p.path, false)
FROM (
    SELECT CASE
        WHEN o.path OPERATOR(pg_catalog.=) %(schema)s::pg_catalog.text
             OR pg_catalog.starts_with(o.path, %(schema)s::pg_catalog.text OPERATOR(pg_catalog.||) ',') THEN o.path
        ELSE pg_catalog.concat_ws(
            ',',
            '"' OPERATOR(pg_catalog.||) pg_catalog.replace(%(schema)s::pg_catalog.text, '"', '""') OPERATOR(pg_catalog.||) '"',
            CASE WHEN o.path OPERATOR(pg_catalog.<>) '' THEN o.path END
        )
    END
    FROM (SELECT pg_catalog.current_setting('search_path')) AS o(path)
) AS p(path)
