"""Nothing outside pg_catalog is evaluated by a read, whatever the search_path of the database.

A schema that comes before pg_catalog has a copy of every operator, function, type and table of pg_catalog. Each copy
fails if it is used.
"""

import pytest

from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.target.history import read_history, recorded_text
from support.drift import drift_of
from support.project import Project, run_finished

COPIES = r"""
CREATE SCHEMA evil;
CREATE FUNCTION evil.fail() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE 'evil was evaluated'; END $$;
DO $do$
DECLARE
    one record;
    made int := 0;
BEGIN
    FOR one IN
        SELECT format('CREATE FUNCTION evil.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', p.proname,
                      pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid),
                      'BEGIN RAISE ''evil was evaluated''; END') AS text
        FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
    LOOP
        BEGIN
            EXECUTE one.text;
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN  -- a function that users cannot write, such as one of type internal
        END;
    END LOOP;
    ASSERT made > 1500, made;
    made := 0;
    FOR one IN
        SELECT format('CREATE FUNCTION evil.op_%s(%s) RETURNS %s LANGUAGE plpgsql AS %L', o.oid,
                      concat_ws(', ', nullif(o.oprleft, 0)::regtype, nullif(o.oprright, 0)::regtype),
                      o.oprresult::regtype, 'BEGIN RAISE ''evil was evaluated''; END') AS function,
               format('CREATE OPERATOR evil.%s (%s, FUNCTION = evil.op_%s)', o.oprname,
                      concat_ws(', ', 'LEFTARG = ' || nullif(o.oprleft, 0)::regtype,
                                'RIGHTARG = ' || nullif(o.oprright, 0)::regtype), o.oid) AS operator
        FROM pg_operator o
        WHERE o.oprnamespace = 'pg_catalog'::regnamespace
    LOOP
        BEGIN
            EXECUTE one.function;
            EXECUTE one.operator;
            made := made + 1;
        EXCEPTION WHEN OTHERS THEN
        END;
    END LOOP;
    ASSERT made > 600, made;
    FOR one IN
        SELECT format('CREATE VIEW evil.%I AS SELECT * FROM pg_catalog.%1$I WHERE evil.fail()', c.relname) AS text
        FROM pg_class c
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind IN ('r', 'v')
    LOOP
        BEGIN
            EXECUTE one.text;
        EXCEPTION WHEN OTHERS THEN
        END;
    END LOOP;
    FOR one IN
        SELECT format('CREATE DOMAIN evil.%I AS pg_catalog.%1$I CHECK (evil.fail())', t.typname) AS text
        FROM pg_type t
        WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype = 'b' AND t.typelem = 0
    LOOP
        EXECUTE one.text;
    END LOOP;
    EXECUTE format('ALTER DATABASE %I SET search_path TO evil, pg_catalog, public', current_database());
END $do$
"""

MIGRATION = """
BEGIN;
SET LOCAL search_path TO public;
CREATE TABLE boats (id int PRIMARY KEY, name text);
ALTER TABLE boats ADD CHECK (id > 0);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE public.boats;
-- COMMIT;
"""


async def test_copies_of_pg_catalog_in_front_of_it_are_never_evaluated(
    project: Project, server: TemporaryServer
) -> None:
    project.sql("SET check_function_bodies TO off;" + COPIES)
    with pytest.raises(Exception, match="evil was evaluated"):
        project.sql("SELECT 1 = 1")
    log = server.folder / "log"  # koonj does without some answers, but the server logs every error
    before = log.stat().st_size
    name = project.write("001_make_boats.sql", MIGRATION).name
    project.write(
        "002_index.sql", "CREATE INDEX CONCURRENTLY i ON public.boats (id);\n-- Rollback: none: test\n"
    )
    assert set((await project.states()).values()) == {"pending"}
    for options in ({"plan_only": True}, {"probe": True}, {}):
        end = run_finished(await project.apply(**options))
        assert "evil" not in str(end), end
    assert set((await project.states()).values()) == {"applied"}
    entries = await read_history(project.connector, project.target)
    assert [entry.outcome.value for entry in entries] == ["done", "done"]
    assert "boats" in (await recorded_text(project.connector, project.target, entries[0].id) or "")
    drift = await drift_of(project)
    assert drift.migrations == 2
    assert name in {entry.name for entry in entries}
    with log.open("rb") as written:
        written.seek(before)
        assert "evil" not in written.read().decode()
