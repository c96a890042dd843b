"""koonj adopt: record as applied what a database had before koonj."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable

import psycopg
import pytest

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.connector import Connector
from koonj.runner.adopt.run import AdoptionFinished, AdoptionJob, start_adoption
from koonj.runner.run.events import Question, RunResult
from support.command import Project, Terminal

FILES = {
    "001_make_people.sql": """
        BEGIN;
        CREATE TABLE people (id int PRIMARY KEY, name text);
        CREATE INDEX people_name ON people (name);
        COMMIT;

        -- Rollback:
        -- BEGIN;
        -- DROP TABLE people;
        -- COMMIT;
        """,
    "002_fill.sql": """
        BEGIN;
        INSERT INTO people VALUES (1, 'Ada');
        COMMIT;

        -- Rollback:
        -- BEGIN;
        -- DELETE FROM people;
        -- COMMIT;
        """,
    "003_add_age.sql": """
        BEGIN;
        ALTER TABLE people ADD age int;
        CREATE TABLE visits (id int PRIMARY KEY);
        COMMIT;

        -- Rollback:
        -- BEGIN;
        -- DROP TABLE visits;
        -- ALTER TABLE people DROP age;
        -- COMMIT;
        """,
}
UP_TO_2 = "CREATE TABLE people (id int PRIMARY KEY, name text); CREATE INDEX people_name ON people (name);"
UP_TO_3 = f"{UP_TO_2} ALTER TABLE people ADD age int; CREATE TABLE visits (id int PRIMARY KEY);"


@pytest.fixture
def folder(project: Project) -> Project:
    for name, text in FILES.items():
        project.write(name, text)
    return project


def states(project: Project) -> list[str]:
    return [m["state"] for m in project.koonj("status", "--json").json["migrations"]]


def test_files_that_fit_are_recorded_with_their_evidence(folder: Project) -> None:
    folder.sql(UP_TO_3)
    planned = folder.koonj("adopt", "--plan")
    assert planned.code == 0, planned.err
    assert planned.out.splitlines()[1:] == [
        "file                 evidence                         decision",
        "001_make_people.sql  equal: 1 object                  record as applied",
        "002_fill.sql         not provable: changes only rows  record as applied",
        "003_add_age.sql      equal: 2 objects                 record as applied",
        "The schema after 003_add_age.sql is the same as that of local: 12 objects.",
        "Plan only. Nothing was changed.",
    ]
    assert folder.koonj("adopt").code == 2
    assert folder.sql("SELECT to_regnamespace('koonj')") == [(None,)]

    done = folder.koonj("adopt", "--yes")
    assert (done.code, done.out.splitlines()[-1]) == (0, "3 migrations recorded as applied on local.")
    assert states(folder) == ["adopted"] * 3
    assert folder.sql("SELECT count(*), count(DISTINCT xmin::text) FROM koonj.history") == [(3, 1)]
    entries = folder.koonj("history").out.splitlines()
    assert re.fullmatch(r"✦ adopt done  001_make_people.sql  \S+ \S+  by \S+ as \w+", entries[0])
    assert entries[3].startswith(
        "    evidence: not provable: changes only rows. The schema after 003_add_age.sql is the same as"
    )
    assert folder.koonj("drift").code == 0

    again = folder.koonj("adopt", "--yes")
    assert (again.code, again.out) == (4, "")
    assert "Nothing to adopt: the history has all files as applied." in again.err
    assert folder.koonj("rollback", "--yes").code == 0
    assert states(folder) == ["adopted", "adopted", "pending"]
    assert folder.sql("SELECT to_regclass('visits')") == [(None,)]
    assert folder.koonj("apply", "--yes").code == 0
    assert folder.koonj("adopt", "2").code == 4


def test_files_without_a_trace_stay_pending_and_the_end_must_be_certain(folder: Project) -> None:
    empty = folder.koonj("adopt", "--yes")
    assert empty.code == 4
    assert "Nothing to adopt: local has no object that the files create." in empty.err
    folder.sql(UP_TO_2)
    doubt = folder.koonj("adopt", "--yes")
    assert doubt.code == 4
    assert "003_add_age.sql      no trace                         stays pending" in doubt.out
    assert "Nothing on local shows whether 002_fill.sql ran." in doubt.out
    assert "002_fill.sql: nothing on local shows whether it ran. Nothing was changed." in doubt.err
    assert states(folder) == ["pending"] * 3
    assert folder.koonj("adopt", "2", "--yes").code == 0
    assert states(folder) == ["adopted", "adopted", "pending"]
    folder.sql("ALTER TABLE people ADD age int; CREATE TABLE visits (id int PRIMARY KEY)")
    assert folder.koonj("adopt", "--yes").code == 0  # compared after the files that are recorded
    assert states(folder) == ["adopted"] * 3


def test_differences_need_a_number_and_a_reason(folder: Project) -> None:
    assert folder.koonj("apply", "1", "--yes").code == 0
    folder.sql("DROP SCHEMA koonj CASCADE; DROP INDEX people_name; CREATE TABLE extra (id int)")
    folder.sql("CREATE TABLE visits (id int PRIMARY KEY)")
    refused = folder.koonj("adopt", "--yes")
    assert refused.code == 4
    table = refused.out.splitlines()[2:]
    assert table[0].startswith("001_make_people.sql  differs: 1 difference ")
    assert table[1:3] == [
        "    missing on local:",
        "      index public.people_name: CREATE INDEX people_name ON public.people USING btree (name)",
    ]
    assert "      table public.extra" in table[table.index("in no file:") :]
    assert "Closest after: 003_add_age.sql (3 differences), " in refused.err
    assert folder.koonj("adopt", "3", "--yes").code == 4
    assert states(folder) == ["pending"] * 3
    done = folder.koonj("adopt", "3", "--yes", "--json", "--reason", "004 repairs it")
    assert (done.code, done.json["result"], len(done.json["adopted"])) == (0, "done", 3)
    assert [file["kind"] for file in done.json["plan"]["files"]] == ["differs", "rows_only", "differs"]
    recorded = [entry["reason"] for entry in folder.koonj("history", "--json").json["entries"]]
    assert recorded[0].startswith("differs: 1 difference (index public.people_name missing). The schema ")
    assert all(text.endswith(" Reason: 004 repairs it") for text in recorded)


def test_protected_target_wants_its_name(folder: Project) -> None:
    folder.sql(UP_TO_3)
    folder.configure(protected="true")
    assert folder.koonj("adopt", "--yes").code == 2
    assert folder.koonj("adopt", "--confirm", "other").code == 2
    assert states(folder) == ["pending"] * 3
    assert folder.koonj("adopt", "--confirm", "local").code == 0
    assert states(folder) == ["adopted"] * 3


def test_failed_apply_does_not_prevent_it(folder: Project) -> None:
    folder.sql(UP_TO_3)
    assert folder.koonj("apply", "--yes").code == 1
    assert folder.koonj("adopt", "--yes").code == 0
    assert states(folder) == ["adopted"] * 3


def test_file_that_fails_on_scratch_ends_the_comparison(folder: Project) -> None:
    folder.sql(UP_TO_3)
    folder.write("004_bad.sql", "BEGIN;\nDROP TABLE nothing;\nCOMMIT;\n\n-- Rollback: none: a test\n")
    planned = folder.koonj("adopt", "--plan")
    assert planned.code == 0
    assert "note: The files after it were not compared: migrations/004_bad.sql:2" in planned.out, planned.out
    assert "004_bad.sql          unknown: not compared            stays pending" in planned.out
    assert folder.koonj("adopt", "4", "--plan").code == 1


def _edit(project: Project) -> None:
    project.write("001_make_people.sql", FILES["001_make_people.sql"] + "-- \n")


@pytest.mark.parametrize(
    ("change", "result", "message"),
    [
        (
            lambda p: p.sql("ALTER TABLE people ADD late int"),
            RunResult.REFUSED,
            "The schema of local has changed",
        ),
        (_edit, RunResult.REFUSED, "001_make_people.sql changed since the plan was made."),
        (
            lambda p: asyncio.run(_adopted(p, lambda _: None)),
            RunResult.REFUSED,
            "was recorded in the meantime.",
        ),
    ],
    ids=["schema", "file", "history"],
)
def test_what_changes_after_the_plan_stops_it(
    folder: Project, change: Callable[[Project], None], result: RunResult, message: str
) -> None:
    folder.sql(UP_TO_3)
    end = asyncio.run(_adopted(folder, change))
    assert (end.result, end.adopted) == (result, ())
    assert message in end.message


def test_run_in_progress_stops_it(folder: Project) -> None:
    folder.sql(UP_TO_3)
    with psycopg.connect(folder.dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        assert folder.koonj("adopt", "--yes").code == 5
    assert states(folder) == ["pending"] * 3


async def _adopted(
    project: Project, change: Callable[[Project], object], *, baseline: bool = False
) -> AdoptionFinished:
    async with Connector() as connector:
        reader, target = FolderReader(project.migrations, project.root), Target("local", project.dsn)
        run = start_adoption(AdoptionJob(connector, target, reader, ScratchPlace(), baseline=baseline))
        async for event in run.events():
            if isinstance(event, Question):
                await asyncio.to_thread(change, project)
                run.answer(event.id, event.expected)
    assert isinstance(event, AdoptionFinished)
    return event


EXISTING = """
    CREATE SCHEMA app;
    CREATE TYPE app.mood AS ENUM ('sad', 'happy');
    CREATE TABLE app.people (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mood app.mood DEFAULT 'sad');
    CREATE TABLE app.visits (id serial, person bigint REFERENCES app.people, at date) PARTITION BY RANGE (at);
    CREATE TABLE app.visits_1 PARTITION OF app.visits FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE VIEW app.happy AS SELECT id FROM app.people WHERE mood = 'happy';
    CREATE FUNCTION app.twice(a int) RETURNS int LANGUAGE sql SET work_mem = '4MB' AS $$
SET x = 1;
-- Rollback:
SELECT a + a;
$$;
    COMMENT ON TABLE app.people IS 'All; of
-- them';
    GRANT SELECT ON app.people TO pg_monitor;
    INSERT INTO app.people (mood) VALUES ('happy');
"""


def test_baseline_of_an_existing_database(project: Project) -> None:
    project.sql(EXISTING)
    planned = project.koonj("adopt", "--baseline", "--plan")
    assert planned.code == 0
    assert re.search(r"^001_baseline.sql  equal: \d+ objects  record as applied$", planned.out, re.M)
    assert list(project.migrations.iterdir()) == []

    done = project.koonj("adopt", "--baseline", "--yes")
    assert (done.code, done.out.splitlines()[-2:]) == (
        0,
        ["created migrations/001_baseline.sql", "1 migration recorded as applied on local."],
    )
    text = (project.migrations / "001_baseline.sql").read_text()
    leaking = re.findall(r"(?m)^(?:SET (?!LOCAL)\w+ = 0|SELECT .*set_config.*false|\\\\\w+).*$", text)
    assert (leaking, "INSERT" in text, text.count("COMMIT;")) == ([], False, 1)
    assert project.koonj("check").code == 0
    assert states(project) == ["adopted"]
    assert project.koonj("drift").code == 0
    assert project.koonj("rollback", "--plan").code == 4

    second = project.koonj("adopt", "--baseline", "--yes")
    assert second.code == 4
    assert "migrations has files already; a baseline is the first one." in second.err


def test_baseline_is_not_written_if_nothing_is_recorded(project: Project) -> None:
    assert project.koonj("adopt", "--baseline", "--yes").code == 4  # an empty database
    project.sql(UP_TO_3)
    end = asyncio.run(_adopted(project, lambda p: p.sql("CREATE TABLE late ()"), baseline=True))
    assert (end.result, end.written) == (RunResult.REFUSED, ())
    with psycopg.connect(project.dsn, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(%s)", (KEY,))
        assert project.koonj("adopt", "--baseline", "--yes").code == 5
    assert list(project.migrations.iterdir()) == []


def test_at_a_terminal_only_the_typed_name_confirms_a_protected_target(
    folder: Project, terminal: Callable[..., Terminal]
) -> None:
    folder.sql(UP_TO_3)
    folder.configure(protected="true")
    user = terminal("adopt")
    user.type("local\n")  # before the question: it is no answer
    for answer in ("", "yes"):
        user.expect(r"Type its name \(local\) to confirm\. $")
        user.type(f"{answer}\n")
        user.expect("Nothing was changed.")
        assert user.close() == 1
        assert states(folder) == ["pending"] * 3, answer
        user = terminal("adopt")
    user.expect(r"Type its name \(local\) to confirm\. $")
    user.type("local\n")
    user.expect("3 migrations recorded as applied on local.")
    assert user.close() == 0
    assert states(folder) == ["adopted"] * 3


def test_ctrl_c_at_the_question_leaves_neither_rows_nor_files(
    project: Project, terminal: Callable[..., Terminal]
) -> None:
    project.sql(EXISTING)
    user = terminal("adopt", "--baseline")
    user.expect(r"Write 001_baseline.sql and record it as applied on local\?.*: ?$")
    user.type("\x03")
    user.expect("Cancelled. Nothing was recorded.")
    assert user.close() == 6
    assert list(project.migrations.iterdir()) == []
    assert project.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []
