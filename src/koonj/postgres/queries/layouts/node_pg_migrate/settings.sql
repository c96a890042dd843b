-- node-pg-migrate sets the search_path to the schema of its option --schema, which by default has its table, too.
SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident(%(schema)s::pg_catalog.text), false)
