{{! PL/pgSQL that warns of functions in which the name in the variable gone appears. It writes into uses text. }}
-- PostgreSQL does not record what the source of a function uses, so a user must check these functions.
SELECT string_agg(oid::regprocedure::text, ', ' ORDER BY oid::regprocedure::text) INTO uses
FROM pg_proc
WHERE pronamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
    AND prosrc ~* format('(?<!\w)%s(?!\w)', regexp_replace(gone, '(\W)', '\\\1', 'g'));
IF uses IS NOT NULL THEN
    RAISE WARNING 'the name % also appears in the source of: %', gone, uses;
END IF;
