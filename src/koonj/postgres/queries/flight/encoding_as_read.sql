-- Raise invalid_text_representation if a statement of the file changed the encoding of the next ones.
SELECT CASE
    WHEN pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.=) ANY ('{UTF8,SQL_ASCII}') THEN true
    ELSE ('koonj: encoding of ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
END
