"""What the rows of the chosen target mean for a migration: in the tab Rehearsal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import psycopg
import pytest

from koonj.config import ScratchPlace, Target
from koonj.config.settings import Password
from koonj.postgres.connector import Connector
from koonj.postgres.demands import target_facts
from koonj.postgres.demands.demand import Demands, Lineage
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.row_check import RowCheck
from koonj.tui.widgets.preview import Tab
from koonj.tui.workers import row_answers
from koonj.tui.workers.backend import Backend
from koonj.tui.workers.child_events import MAX_ITEMS, _shortened
from koonj.tui.workers.row_answers import RowAnswers, RowQuestions
from support.owner_migrations import OWNER_IS_OPTIONAL, OWNER_IS_REQUIRED
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.rehearsal_folder import RehearsalFolder
from support.screen import Project, Screen, apply

_ROWS = "INSERT INTO documents VALUES (7, NULL), (8, 1)"
_FAILS = "will fail: 1 row of public.documents has owner_id NULL, for example id 7"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the migrations that a target was asked about."""
    names: list[str] = []
    real = row_answers._read

    async def read(questions: RowQuestions, connector: Connector) -> tuple[RowCheck, ...]:
        names.append(questions.name)
        return await real(questions, connector)

    monkeypatch.setattr(row_answers, "_read", read)
    return names


@pytest.fixture
async def strict(project: Project, recorded: RecordedRehearsals, server: TemporaryServer) -> Project:
    """A project whose second migration is pending, and refuses a row of its target; both are rehearsed."""
    project.write("001_base.sql", OWNER_IS_OPTIONAL)
    async with project.open() as screen:
        await apply(screen, "a")
    _run(project, _ROWS)
    project.write("002_strict.sql", OWNER_IS_REQUIRED)
    connector = Connector()
    folder = RehearsalFolder(project.migrations, connector, ScratchPlace(server.dsn()))
    recorded.set_rehearsals(*(await folder.rehearse()).values())
    await connector.close()
    return project


def _run(project: Project, sql: str) -> None:
    with psycopg.connect(project.targets[0].dsn, autocommit=True) as connection:
        connection.execute(sql.encode())


@asynccontextmanager
async def _opened(project: Project, recorded: RecordedRehearsals, name: str) -> AsyncIterator[Screen]:
    """Open the screen on the tab Rehearsal of a migration."""
    async with project.open((240, 40), rehearses=True, program=recorded.program) as screen:
        screen.main.migrations.select(name)
        screen.main.preview.tab = Tab.REHEARSAL
        yield screen


async def test_answer_is_in_the_tab_and_new_after_the_target_was_read_again(
    strict: Project, recorded: RecordedRehearsals, asked: list[str]
) -> None:
    async with _opened(strict, recorded, "002_strict.sql") as screen:
        await screen.until(_FAILS)
        text = screen.preview()
        assert (
            text.index("Rows of local") < text.index(_FAILS) < text.index("The target's rows were asked at")
        )
        screen.main.preview.tab = Tab.BODY
        await screen.until(lambda: "Rows of local" not in screen.preview())
        screen.main.preview.tab = Tab.REHEARSAL
        await screen.until(_FAILS)
        assert asked == ["002_strict.sql"], "the answer is kept"
        _run(strict, "UPDATE documents SET owner_id = 0")
        await screen.press("R")
        await screen.until("the target's rows pass 1 check of this migration")
        assert _FAILS not in screen.preview()
    assert asked == ["002_strict.sql"] * 2


async def test_migration_that_is_applied_is_not_asked_about(
    strict: Project, recorded: RecordedRehearsals, asked: list[str]
) -> None:
    async with _opened(strict, recorded, "002_strict.sql") as screen:
        await screen.until(_FAILS)
        _run(strict, "UPDATE documents SET owner_id = 0")
        await apply(screen, "a")
        await screen.until(lambda: screen.main.snapshot.check.counts.pending == 0)
        await screen.until(lambda: "Rows of local" not in screen.preview())
        assert "alter table documents" in screen.preview()
    assert asked == ["002_strict.sql"], "not after it was applied"


async def test_leaving_the_tab_ends_the_question(
    strict: Project, recorded: RecordedRehearsals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question waits for a lock, longer than the test would wait."""
    monkeypatch.setattr(target_facts, "LOCK_TIMEOUT", "10min")
    monkeypatch.setattr(row_answers, "TIMEOUT", 600.0)
    dsn = strict.targets[0].dsn
    async with (
        await psycopg.AsyncConnection.connect(dsn) as gate,
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as third,
        _opened(strict, recorded, "001_base.sql") as screen,
    ):
        await screen.until("Not rehearsed yet")
        await gate.execute("LOCK TABLE documents IN ACCESS EXCLUSIVE MODE")
        screen.main.migrations.select("002_strict.sql")
        await _waiting(third, lambda number: number == 1)
        assert "asking" in screen.preview()
        assert "alter table documents" in screen.preview(), "the tab does not wait for the target"
        screen.main.preview.tab = Tab.BODY
        await _waiting(third, lambda number: number == 0)


async def _waiting(connection: psycopg.AsyncConnection, wanted: Callable[[int], bool]) -> None:
    """Wait until so many questions wait for a lock."""
    sql = (
        "SELECT count(*)::int FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid) "
        "WHERE NOT l.granted AND a.application_name = 'koonj preflight' AND a.datname = current_database()"
    )
    while True:
        row = await (await connection.execute(sql)).fetchone()
        if row is not None and wanted(row[0]):
            return
        await asyncio.sleep(0.02)


async def _questions(project: Project, target: Target) -> tuple[RowAnswers, RowQuestions]:
    backend = Backend(project.settings)
    status = await backend.error_status(target, "")
    pending = row_answers.PendingMigration("002_strict.sql", rehearsal("002_strict.sql"), is_stopped=False)
    return RowAnswers(backend), RowQuestions(target, status, (pending,))


async def test_error_of_the_target_is_an_answer_that_is_not_kept(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lost(*_: object) -> tuple[RowCheck, ...]:
        raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(row_answers, "_read", lost)
    answers, questions = await _questions(project, project.targets[0])
    rows = await answers.ask(questions)
    assert (rows.checks, rows.note) == ((), "not known: the connection is lost")
    assert answers.known(questions) == (replace(rows, note="asking …"), False)


async def test_command_that_brings_a_password_is_not_run_for_it(project: Project) -> None:
    target = replace(project.targets[0], password=Password("command", "ask the user", "koonj.toml:3"))
    answers, questions = await _questions(project, target)
    rows, is_current = answers.known(questions)
    assert is_current, "nothing is asked"
    assert rows.note == "not asked: a command brings the password of local. The plan of an apply asks."


def test_more_than_the_screen_keeps_is_not_known() -> None:
    many = Demands(lineages=(Lineage("public.t"),) * MAX_ITEMS)
    short = _shortened(replace(rehearsal("001_a.sql"), demands=many))
    assert short.demands.lineages == ()
    assert "the plan of an apply asks everything" in short.demands.unknown
    assert _shortened(rehearsal("001_a.sql")).demands == Demands()
