"""koonj keeps the rows of goose: they are those that the tool itself has left (tests/layouts/truth).

goose is no package of a registry that the tests use, so it does not run here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.runner.run.events import MigrationFailed, PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.history_table import definition
from support.project import Project, events_of_kind, run_finished
from support.refusals import why_refused
from support.tool_truth import ToolTruth

TRUTH = ToolTruth.of("goose")
MOMENTS = {moment["when"]: moment for moment in TRUTH.recorded["moments"]}
TABLE = "public.goose_db_version"


@pytest.fixture
def project(tmp_path: Path, database: str, connector: Connector) -> Project:
    return Project(TRUTH.copy_to(tmp_path / "project"), Target("local", database), connector)


def write(project: Project, number: int, up: str = "", down: str = "") -> str:
    up, down = up or f"CREATE TABLE t{number} ();", down or f"DROP TABLE t{number};"
    name = f"{number:05d}_t{number}.sql"
    (project.path / name).write_text(f"-- +goose Up\n{up}\n-- +goose Down\n{down}\n")
    return name


def put(project: Project, *rows: tuple[int, bool]) -> None:
    """Leave rows in the history, in this order."""
    TRUTH.put(project.target.dsn, {"rows": ""})
    for version, is_applied in rows:
        project.sql(
            "INSERT INTO goose_db_version (version_id, is_applied) VALUES (%s, %s)", version, is_applied
        )


def rows(project: Project) -> list[tuple[int, int, bool]]:
    found = project.sql("SELECT id, version_id, is_applied FROM goose_db_version ORDER BY id")
    return [(id_, version, is_applied) for id_, version, is_applied in found]


def versions(project: Project) -> list[int]:
    return [version for _, version, _ in rows(project)]


async def test_the_rows_are_those_of_goose_after_each_turn(
    project: Project, make_database: Callable[[], str]
) -> None:
    """All but the time: it is that of the transaction, in the time zone of the session, as with goose."""
    recorded = make_database()

    def assert_as_recorded(when: str) -> None:
        TRUTH.put(recorded, MOMENTS[when])
        alone = Project(project.path, Target("alone", recorded), project.connector)
        assert rows(project) == rows(alone), when
        assert definition(project.target.dsn, TABLE) == definition(recorded, TABLE), when

    project.sql(f"ALTER DATABASE \"{database_of(project)}\" SET timezone = 'Asia/Tokyo'")
    plan = await project.apply(plan_only=True)
    assert (
        "koonj creates public.goose_db_version, as goose does."
        in events_of_kind(plan, PlanMade)[0].plan.notes
    )
    assert project.tables() == set()
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert_as_recorded("up")
    assert project.sql(
        "SELECT g.xmin = c.xmin, now()::timestamp - tstamp BETWEEN interval '0' AND interval '1 hour' "
        "FROM goose_db_version g, pg_class c WHERE version_id = 1 AND c.relname = 'users'"
    ) == [(True, True)]
    assert run_finished(await project.roll_back()).committed == ("00002_fn.sql",)
    assert_as_recorded("up, then down")
    write(project, 3, "CREATE TABLE x (); SELECT 1/0;")
    assert run_finished(await project.apply()).result is RunResult.FAILED
    assert_as_recorded("a third file fails, in a transaction or without one: no row")
    assert project.tables() == {"users", "goose_db_version"}
    assert project.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


def database_of(project: Project) -> str:
    return str(project.sql("SELECT current_database()")[0][0])


ORDERS: dict[tuple[int, ...], Sequence[str]] = {
    (1, 3, 2): ("00002_t2.sql", "00003_t3.sql", "00001_t1.sql"),
    (3, 1, 2): ("00002_t2.sql", "00001_t1.sql", "00003_t3.sql"),
    (1, 2, 3): ("00003_t3.sql", "00002_t2.sql", "00001_t1.sql"),
}


async def test_a_rollback_follows_the_rows_and_not_the_versions(project: Project) -> None:
    """`goose down` takes the newest row. With -allow-missing, it is not that of the highest version."""
    files(project, 1, 2, 3)
    for order, names in ORDERS.items():
        put(project, (0, True), *((version, True) for version in order))
        make_tables(project, 1, 2, 3)
        end = run_finished(await project.roll_back())
        assert end.committed == (names[0],), order
        end = run_finished(await project.roll_back(extent=Extent.UP_TO, number=1))
        assert end.committed == tuple(name for name in names[1:] if name != "00001_t1.sql"), order
        assert run_finished(await project.roll_back(extent=Extent.ALL)).committed == ("00001_t1.sql",)
        assert versions(project) == [0]


async def test_a_rollback_deletes_all_rows_of_its_version(project: Project) -> None:
    files(project, 1, 2)
    put(project, (0, True), (1, True), (2, True), (2, False), (2, True))
    make_tables(project, 1, 2)
    assert run_finished(await project.roll_back()).committed == ("00002_t2.sql",)
    assert versions(project) == [0, 1]


def files(project: Project, *numbers: int) -> None:
    """Write these files, and no others."""
    for path in project.path.iterdir():
        path.unlink()
    for number in numbers:
        write(project, number)


def make_tables(project: Project, *numbers: int) -> None:
    for number in numbers:
        project.sql(f"CREATE TABLE IF NOT EXISTS t{number} ()")


REFUSED = {
    "no row at all": ((), (1,), "has no row of an applied version, nor of version 0"),
    "rolled back by an old goose": (
        ((0, True), (1, True), (2, True), (2, False)),
        (1, 2, 3),
        "DELETE FROM public.goose_db_version WHERE version_id = 2",
    ),
    "an old goose has rolled back a version after it": (
        ((0, True), (1, True), (3, False)),
        (1, 2),
        "00002_t2.sql is pending, but public.goose_db_version has a row of version 3",
    ),
    "late": (((0, True), (1, True), (3, True)), (1, 2, 3), "goose does not apply it"),
}


async def test_what_goose_would_not_apply_is_refused(project: Project) -> None:
    for case, (given, numbers, words) in REFUSED.items():
        files(project, *numbers)
        put(project, *given)
        assert words in why_refused(await project.apply()), case
        assert versions(project) == [version for version, _ in given], case
    project.sql("DROP TABLE IF EXISTS t1, t2, t3")
    files(project, 1, 2)
    put(project, (0, True), (1, True), (2, True), (2, False))
    project.sql("DELETE FROM public.goose_db_version WHERE version_id = 2")  # as the hint says
    assert run_finished(await project.apply()).committed == ("00002_t2.sql",)


async def test_a_migration_without_a_transaction_has_its_row_after_the_last_statement(
    project: Project,
) -> None:
    files(project, 1, 2)
    name = write(project, 3, "CREATE TABLE x (id int);\nSELECT 1/0;", "DROP TABLE x;")
    path = project.path / name
    text = "-- +goose NO TRANSACTION\n" + path.read_text()
    path.write_text(text)
    put(project, (0, True), (1, True), (2, True))
    (failed,) = events_of_kind(await project.apply(), MigrationFailed)
    assert failed.failure.target_state.startswith(f"1 of 2 statements of {name} are committed and stay.")
    assert (versions(project), "x" in project.tables()) == ([0, 1, 2], True)  # as recorded
    project.sql("DROP TABLE x")
    path.write_text(text.replace("SELECT 1/0", "CREATE INDEX CONCURRENTLY i ON x (id)"))
    assert run_finished(await project.apply()).result is RunResult.DONE
    assert versions(project) == [0, 1, 2, 3]
    assert run_finished(await project.roll_back()).result is RunResult.DONE
    assert (versions(project), "x" in project.tables()) == ([0, 1, 2], False)


async def test_a_rollback_stops_at_a_row_without_a_file_as_goose_does(project: Project) -> None:
    files(project, 1, 2)
    put(project, (0, True), (2, True), (9, True), (1, True))
    make_tables(project, 1, 2)
    assert run_finished(await project.roll_back()).committed == ("00001_t1.sql",)
    found = why_refused(await project.roll_back())
    assert "9 would be rolled back now, but no file has this version. goose refuses it, too." in found
    assert versions(project) == [0, 2, 9]


async def test_a_row_that_another_session_has_written_rolls_the_migration_back(project: Project) -> None:
    files(project)
    write(
        project,
        1,
        "INSERT INTO goose_db_version (version_id, is_applied) VALUES (1, true); CREATE TABLE t1 ();",
    )
    write(project, 2, down="DELETE FROM goose_db_version WHERE version_id = 2; DROP TABLE t2;")
    put(project, (0, True))
    (failed,) = events_of_kind(await project.apply(), MigrationFailed)
    assert "Its row in public.goose_db_version could not be written." in failed.failure.target_state
    assert (versions(project), "t1" in project.tables()) == ([0], False)
    put(project, (0, True), (1, True), (2, True))
    make_tables(project, 2)
    (failed,) = events_of_kind(await project.roll_back(), MigrationFailed)
    assert "Its row in public.goose_db_version could not be written." in failed.failure.target_state
    assert (versions(project), "t2" in project.tables()) == ([0, 1, 2], True)
