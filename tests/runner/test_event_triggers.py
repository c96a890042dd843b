"""Event triggers of the target that run when koonj creates its history."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from psycopg import conninfo

from koonj.runner.run.events import RunResult
from support.project import Project, run_finished

FUNCTION = """
CREATE FUNCTION public.{name}() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN {body} END $$;
CREATE EVENT TRIGGER {name} ON ddl_command_end {when} EXECUTE FUNCTION public.{name}();
"""
EACH = "FOR r IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP {} END LOOP;"
FORCE = EACH.format(
    "EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', r.object_identity);"
    "EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', r.object_identity);"
)
AUDIT = EACH.format(
    "EXECUTE format('CREATE TRIGGER audit AFTER INSERT ON %s FOR EACH ROW EXECUTE FUNCTION public.noted()', "
    "r.object_identity);"
)
ONLY_CREATE = "WHEN TAG IN ('CREATE TABLE')"


@pytest.fixture
def migrator(project: Project) -> Iterator[str]:
    """The target connects as this role, which owns the database and is no superuser."""
    [(database,)] = project.sql("SELECT current_database()")
    role = f"mig_{database}"
    project.sql(f"CREATE ROLE {role} LOGIN")
    project.sql(f'ALTER DATABASE "{database}" OWNER TO {role}; ALTER SCHEMA public OWNER TO {role}')
    yield role
    for (name,) in project.sql("SELECT evtname FROM pg_event_trigger"):
        project.sql(f"DROP EVENT TRIGGER {name}")
    project.sql(f'ALTER DATABASE "{database}" OWNER TO postgres; ALTER SCHEMA public OWNER TO postgres')
    project.sql(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def _as(project: Project, role: str) -> Project:
    return replace(
        project,
        target=replace(project.target, dsn=conninfo.make_conninfo(project.target.dsn, user=role)),
    )


async def test_event_trigger_with_unqualified_names_runs_with_the_search_path_of_the_role(
    project: Project, migrator: str
) -> None:
    project.sql(
        f"CREATE TABLE ddl_audit (at timestamptz DEFAULT now(), tag text); GRANT INSERT ON ddl_audit TO {migrator}"
    )
    project.sql(
        FUNCTION.format(name="note_ddl", when="", body="INSERT INTO ddl_audit (tag) VALUES (tg_tag);")
    )
    project.table(1)
    assert run_finished(await _as(project, migrator).apply()).result is RunResult.DONE
    assert ("CREATE SCHEMA",) in project.sql("SELECT tag FROM ddl_audit")


async def test_row_level_security_on_every_new_table_does_not_hide_the_history(
    project: Project, migrator: str
) -> None:
    project.sql(FUNCTION.format(name="ensure_rls", when=ONLY_CREATE, body=FORCE))
    project.write("001_r.sql", "CREATE TABLE r1 (a int);\n\n-- Rollback:\n-- DROP TABLE r1;\n")
    mine = _as(project, migrator)
    assert run_finished(await mine.apply()).result is RunResult.DONE
    project.sql(f"CREATE ROLE reader_{migrator} LOGIN")
    assert set((await _as(project, f"reader_{migrator}").states()).values()) == {"applied"}
    project.sql(f"DROP ROLE reader_{migrator}")
    assert run_finished(await mine.roll_back()).result is RunResult.DONE
    assert project.sql("SELECT relrowsecurity FROM pg_class WHERE oid = 'koonj.history'::regclass") == [
        (False,)
    ]


@pytest.mark.parametrize(
    ("name", "when", "body", "cause"),
    [
        (
            "missing_table",
            "",
            "INSERT INTO nowhere (tag) VALUES (tg_tag);",
            'relation "nowhere" does not exist',
        ),
        ("missing_column", "", "PERFORM no_such_column;", "no_such_column"),
        ("missing_right", "", "PERFORM 1 FROM public.hidden;", "permission denied for table hidden"),
        ("audit_all", ONLY_CREATE, AUDIT, "has a trigger, audit"),
    ],
)
async def test_event_trigger_that_prevents_the_history_is_named(
    project: Project, migrator: str, name: str, when: str, body: str, cause: str
) -> None:
    project.sql("CREATE TABLE public.hidden ()")
    project.sql("CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'")
    project.sql(FUNCTION.format(name=name, when=when, body=body))
    project.table(1)
    failure = run_finished(await _as(project, migrator).apply()).failure
    assert failure is not None
    said = f"{failure.message} {failure.next_steps}"
    assert "The history (koonj.history) could not be created: " in said
    assert cause in said
    assert f"event triggers that run for every new table: {name}. " in said
    assert "version" not in said
    assert project.sql("SELECT to_regnamespace('koonj') IS NULL") == [(True,)]


async def test_event_trigger_that_forces_row_level_security_again_is_named(
    project: Project, migrator: str
) -> None:
    again = (
        "IF NOT (SELECT relforcerowsecurity FROM pg_class WHERE oid = 'koonj.history'::regclass) THEN "
        "ALTER TABLE koonj.history FORCE ROW LEVEL SECURITY; END IF;"
    )
    project.sql(
        FUNCTION.format(name="force_again", when="WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE')", body=again)
    )
    project.table(1)
    failure = run_finished(await _as(project, migrator).apply()).failure
    assert failure is not None
    assert "forces row-level security" in failure.message
    assert "new table: force_again. " in str(failure.next_steps)
