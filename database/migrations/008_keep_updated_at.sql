-- 008_keep_updated_at.sql
-- updated_at was the application's to set, and repairs by hand forgot it: now the database sets it.
BEGIN;

CREATE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog
AS $function$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END;
$function$;

COMMENT ON FUNCTION set_updated_at() IS 'BEFORE UPDATE trigger for tables with a column updated_at';

-- Tables in alphabetical order, so that two such files can never wait for each other.
CREATE TRIGGER conversations_set_updated_at
    BEFORE UPDATE ON conversations
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

CREATE TRIGGER documents_set_updated_at
    BEFORE UPDATE ON documents
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

CREATE TRIGGER users_set_updated_at
    BEFORE UPDATE ON users
    FOR EACH ROW WHEN (OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION set_updated_at();

COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TRIGGER IF EXISTS conversations_set_updated_at ON conversations;
-- DROP TRIGGER IF EXISTS documents_set_updated_at ON documents;
-- DROP TRIGGER IF EXISTS users_set_updated_at ON users;
-- DROP FUNCTION IF EXISTS set_updated_at();
-- COMMIT;
