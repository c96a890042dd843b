-- Raise invalid_text_representation if a statement of the file changed how the server reads the next ones.
SELECT CASE
    WHEN pg_catalog.current_setting('standard_conforming_strings') OPERATOR(pg_catalog.=) 'on'
     AND pg_catalog.current_setting('client_encoding') OPERATOR(pg_catalog.=) ANY ('{UTF8,SQL_ASCII}') THEN true
    ELSE ('koonj: text read differently by ' OPERATOR(pg_catalog.||) pg_catalog.pg_backend_pid()::pg_catalog.text)::pg_catalog.bool
END
