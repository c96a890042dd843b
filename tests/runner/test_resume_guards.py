"""Tests of what a resumed file is compared with, and which of its settings are made again."""

import pytest

from koonj.runner.plan.resume import sets_session
from koonj.runner.run.events import RunResult, StatementStarted
from support.project import Project, events_of_kind, run_finished

NONE = "-- Rollback: none: test\n"
NAME = "001_steps.sql"


async def _edit(project: Project, old: str, new: str) -> None:
    file = project.path / NAME
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


async def _resumed_at(project: Project) -> int:
    """Apply to the end, and return the number of the first statement that was sent."""
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE, run_finished(events)
    return events_of_kind(events, StatementStarted)[0].index


async def _is_stopped_as_edited(project: Project, *, rollback: bool = False) -> bool:
    end = run_finished(await (project.roll_back() if rollback else project.apply()))
    return end.result is RunResult.REFUSED and [c.state for c in end.conflicts] == ["edited"]


ROLLBACK = """\
CREATE TABLE a ();
CREATE TABLE b ();
-- Rollback:
-- DROP TABLE a;
-- VACUUM;
-- DROP TABLE c;
-- DROP TABLE b;
"""


async def _stop_in_rollback(project: Project) -> None:
    project.write(NAME, ROLLBACK)
    await project.apply()
    assert run_finished(await project.roll_back()).result is RunResult.FAILED
    assert (await project.entries())[-1].statements_done == 2


async def test_an_unfinished_rollback_that_was_not_edited_resumes(project: Project) -> None:
    await _stop_in_rollback(project)
    project.sql("CREATE TABLE c ()")
    events = await project.roll_back()
    assert run_finished(events).result is RunResult.DONE
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [3, 4]


async def test_an_unfinished_rollback_resumes_although_the_body_was_edited(project: Project) -> None:
    await _stop_in_rollback(project)
    await _edit(project, "CREATE TABLE b ();", "CREATE TABLE b (id int);")
    project.sql("CREATE TABLE c ()")
    events = await project.roll_back()
    assert run_finished(events).result is RunResult.DONE
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [3, 4]


@pytest.mark.parametrize(
    ("old", "new"),
    [("DROP TABLE a;", "DROP TABLE IF EXISTS a;"), ("-- VACUUM;\n", "-- VACUUM ANALYZE;\n")],
)
async def test_an_unfinished_rollback_whose_committed_part_was_edited_stops(
    project: Project, old: str, new: str
) -> None:
    await _stop_in_rollback(project)
    await _edit(project, old, new)
    project.sql("CREATE TABLE c ()")
    assert await _is_stopped_as_edited(project, rollback=True)
    assert project.tables() == {"b", "c"}


async def test_an_apply_after_an_unfinished_apply_ignores_an_edited_rollback(project: Project) -> None:
    project.write(NAME, "CREATE TABLE a ();\nVACUUM a;\nSELECT FROM b;\n-- Rollback:\n-- DROP TABLE a;\n")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "-- DROP TABLE a;", "-- DROP TABLE IF EXISTS a;")
    project.sql("CREATE TABLE b ()")
    assert await _resumed_at(project) == 3


TWO_BLOCKS = """\
BEGIN;
CREATE TABLE a ();
CREATE TABLE b ();
COMMIT;
BEGIN;
SELECT FROM c;
COMMIT;
-- Rollback: none: test
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("CREATE TABLE a ();\nCREATE TABLE b ();", "CREATE TABLE a ();\nCOMMIT;\nBEGIN;\nCREATE TABLE b ();"),
        (
            "BEGIN;\nCREATE TABLE a ();\nCREATE TABLE b ();\nCOMMIT;\n",
            "CREATE TABLE a ();\nCREATE TABLE b ();\n",
        ),
        ("CREATE TABLE b ();\nCOMMIT;\nBEGIN;\n", "CREATE TABLE b ();\n"),
    ],
    ids=["split", "outside", "joined with the rest"],
)
async def test_other_transactions_of_the_committed_statements_stop_the_run(
    project: Project, old: str, new: str
) -> None:
    project.write(NAME, TWO_BLOCKS)
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, old, new)
    await _edit(project, "SELECT FROM c;", "SELECT FROM a;")
    assert await _is_stopped_as_edited(project)


async def test_a_committed_statement_that_moved_out_of_its_transaction_stops_the_run(
    project: Project,
) -> None:
    project.write(NAME, f"BEGIN;\nCREATE TABLE a ();\nCOMMIT;\nBEGIN;\nSELECT FROM c;\nCOMMIT;\n{NONE}")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "BEGIN;\nCREATE TABLE a ();\nCOMMIT;", "CREATE TABLE a ();")
    await _edit(project, "SELECT FROM c;", "SELECT FROM a;")
    assert await _is_stopped_as_edited(project)


async def test_the_rest_of_a_file_may_be_edited(project: Project) -> None:
    project.write(NAME, TWO_BLOCKS)
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "SELECT FROM c;\nCOMMIT;", "SELECT FROM a;\nCOMMIT;\nVACUUM a;")
    assert await _resumed_at(project) == 3


COPY = "CREATE TABLE a (x int);\nVACUUM a;\nCOPY a FROM stdin;\n1\n2\n\\.\nSELECT FROM b;\n" + NONE


async def test_other_copy_rows_of_the_committed_part_stop_the_run(project: Project) -> None:
    project.write(NAME, COPY)
    assert run_finished(await project.apply()).result is RunResult.FAILED
    await _edit(project, "SELECT FROM b", "SELECT FROM a")
    await _edit(project, "1\n2\n", "1\n3\n")
    assert await _is_stopped_as_edited(project)
    await _edit(project, "1\n3\n", "1\n2\n")
    assert await _resumed_at(project) == 4
    assert project.sql("SELECT x FROM a ORDER BY x") == [(1,), (2,)]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("SET search_path TO s", True),
        ("set SESSION work_mem = '5MB'", True),
        ("SET ROLE someone", True),
        ("SET SESSION AUTHORIZATION someone", True),
        ("SET TIME ZONE 'UTC'", True),
        ("RESET work_mem", True),
        ("RESET ALL", True),
        ("SELECT set_config('search_path', '', false)", True),
        ("SELECT pg_catalog.set_config('search_path', '', false)", True),
        ("SET LOCAL work_mem = '5MB'", False),
        ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", False),
        ("SET CONSTRAINTS ALL IMMEDIATE", False),
        ("SET", False),
        ("SELECT 1", False),
        ("SELECT other.set_config('search_path', '', false)", False),
        ("UPDATE t SET x = 1", False),
    ],
)
def test_statements_that_set_the_session(statement: str, expected: bool) -> None:
    assert sets_session(statement) is expected


async def test_what_ends_with_its_transaction_is_not_made_again(project: Project) -> None:
    """Outside a transaction these statements would only warn, or change what they must not change."""
    project.write(
        NAME,
        "BEGIN;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSET LOCAL work_mem = '5MB';\nCREATE TABLE a ();\n"
        f"SET CONSTRAINTS ALL IMMEDIATE;\nSET search_path TO public;\nCOMMIT;\nSELECT FROM b;\n{NONE}",
    )
    assert run_finished(await project.apply()).result is RunResult.FAILED
    project.sql("CREATE TABLE b ()")
    events = await project.apply()
    assert run_finished(events).result is RunResult.DONE
    assert [event.index for event in events_of_kind(events, StatementStarted)] == [5, 6]


async def test_a_decision_about_an_earlier_run_does_not_allow_the_next_one(project: Project) -> None:
    """The text that was allowed once comes back after another text has run."""

    def write(table: str) -> None:
        project.write(NAME, f"CREATE TABLE {table} ();\nVACUUM;\nSELECT FROM nowhere;\n{NONE}")

    write("a")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    for table in ("b", "c"):
        write(table)
        assert await _is_stopped_as_edited(project)
        allowed = await project.apply(allow=frozenset({"edited"}), reason="it is another table now")
        assert run_finished(allowed).result is RunResult.FAILED
    write("b")
    assert await _is_stopped_as_edited(project)
    assert project.tables() == {"a", "b", "c"}
