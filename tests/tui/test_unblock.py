"""The key b during a run that waits: who is in the way, and how one blocking session is ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.postgres.advisory_lock import KEY
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.postgres.blocking_sessions import BlockingSession, Ending, Right, checked_command
from koonj.runner.apply import statement_watch
from koonj.runner.process.journal_reader import known_runs
from koonj.runner.run.direction import Direction
from koonj.runner.run.failure import AwaitedLock
from koonj.runner.run.lock_events import Blocked
from koonj.tui.render.unblock_lines import Choice
from koonj.tui.screens import unblocking
from koonj.tui.screens.copy_dialog import CopyDialog
from koonj.tui.screens.unblock_confirmation import UnblockConfirmation, UnblockReasonDialog
from koonj.tui.screens.unblock_dialog import UnblockDialog
from koonj.tui.state.run import RunView
from support.screen import Golden, Project, Screen

SIZES = [(80, 24), (120, 36)]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_watch, "FIRST", 0.02)
    monkeypatch.setattr(statement_watch, "REPEAT", 0.1)


@pytest.fixture
def reader(project: Project) -> Iterator[psycopg.Connection]:
    """A transaction that has read table t, which the only migration changes."""
    project.write(
        "001_change.sql", "-- koonj: lock_timeout 60s\nALTER TABLE t ADD b int;\n-- Rollback: none: test\n"
    )
    dsn = project.targets[0].dsn
    with closing(psycopg.connect(dsn, application_name="report", autocommit=True)) as conn:
        conn.execute("CREATE TABLE t (a int)")
        conn.execute("BEGIN")
        conn.execute("SELECT a FROM t")
        yield conn


async def blocked(screen: Screen, pid: int) -> None:
    """Apply, and wait until the run names the session `pid`."""
    assert "unblock" not in screen.bottom()
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()
    await screen.until(lambda: f"blocked by pid {pid}" in screen.run())
    await screen.until(lambda: "b unblock" in screen.bottom())


async def choose_end(screen: Screen) -> str:
    """Choose the first choice of the dialog, and give a reason; return the text of the confirmation."""
    await screen.press("1")
    await screen.until(lambda: isinstance(screen.app.screen, UnblockReasonDialog))
    await screen.expect_dialog("reason")
    await screen.press("enter")
    assert "Enter a reason, or press Esc to cancel." in screen.text()
    await screen.type("it can wait")
    await screen.press("enter")
    await screen.until(lambda: isinstance(screen.app.screen, UnblockConfirmation))
    return await screen.expect_dialog()


@pytest.mark.parametrize("moves", [False, True], ids=["same process", "own process"])
async def test_blocking_session_is_ended_after_its_pid_was_typed(
    project: Project, reader: psycopg.Connection, home: Path, monkeypatch: pytest.MonkeyPatch, *, moves: bool
) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("TMPDIR", str(home))
    times = iter([0.0])
    monkeypatch.setattr(unblocking, "monotonic", lambda: next(times, 6_000.0))
    pid = reader.info.backend_pid
    async with project.open((120, 36), moves_runs=moves) as screen:
        await blocked(screen, pid)
        await screen.press("b")
        text = await screen.expect_dialog()
        assert text.splitlines()[:2] == [
            "In the way on local",
            " The run waits for ACCESS EXCLUSIVE on public.t.",
        ]
        assert f" pid {pid} report, idle in transaction " in text
        assert "   last: SELECT a FROM t" in text
        assert f"   1  End the session {pid}" in text
        text = await choose_end(screen)
        assert f" runs now    SELECT pg_terminate_backend({pid})" in text
        assert " reason      it can wait" in text
        await screen.type("1")
        await screen.press("enter")
        assert f"The text does not match. Type {pid}, or press Esc to cancel." in screen.text()
        assert reader.execute("SELECT 1").fetchone() == (1,), "nothing is done yet"
        await screen.press("backspace")
        await screen.type(str(pid))
        await screen.press("enter")
        await screen.expect_run("done")
        assert len(known_runs()) == moves
        log = " ".join(screen.run().split())
        assert f" ended pid {pid} report, idle in transaction 1 h 40 min" in log, (
            "as long as it was open at its end"
        )
        assert "Reason: it can wait" in log
        assert "unblock" not in screen.bottom()
    with psycopg.connect(project.targets[0].dsn) as conn:
        rows = conn.execute(
            "SELECT name, allowed, reason FROM koonj.history WHERE action = 'allow'"
        ).fetchall()
    ((name, allowed, reason),) = rows
    assert (name, allowed) == ("001_change.sql", "unblock")
    assert reason.endswith(": it can wait")


async def test_protected_target_requires_its_name_and_the_pid(
    protected: Project, reader: psycopg.Connection
) -> None:
    pid = reader.info.backend_pid
    async with protected.open((120, 36)) as screen:
        choice = Choice(BlockingSession(Blocker(BlockerKind.SESSION, 1, pid), 1, Right.GRANTED), Ending.END)
        screen.app.push_screen(UnblockConfirmation(protected.targets[0], choice, "x"))
        await screen.expect_dialog("PROTECTED")
        await screen.type(str(pid))
        await screen.press("enter")
        name = protected.targets[0].name
        assert f"Type {name} {pid}, or press Esc to cancel." in screen.text()


async def test_escape_changes_nothing(project: Project, reader: psycopg.Connection) -> None:
    async with project.open((100, 30)) as screen:
        await blocked(screen, reader.info.backend_pid)
        await screen.press("b")
        await screen.expect_dialog()
        await choose_end(screen)
        await screen.press("escape")
        await screen.until(lambda: screen.app.screen is screen.main)
        assert reader.execute("SELECT 1").fetchone() == (1,)
        reader.rollback()
        reader.execute("ROLLBACK")
        await screen.expect_run("done")


async def test_key_says_why_there_is_nothing_to_unblock(project: Project) -> None:
    project.table(1)
    async with project.open((100, 30)) as screen:
        await screen.press("b")
        assert "No run is in progress." in screen.bottom()


async def test_holder_of_the_koonj_lock_is_offered(project: Project) -> None:
    project.table(1)
    dsn, name = project.targets[0].dsn, "koonj 3f2a91c4 12/40 dev1@bastion1"
    with closing(psycopg.connect(dsn, application_name=name, autocommit=True)) as holder:
        holder.execute("SELECT pg_try_advisory_lock(%s)", (KEY,))
        pid = holder.info.backend_pid
        async with project.open((120, 36)) as screen:
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until(lambda: "waiting for the koonj lock" in screen.run())
            await screen.press("b")
            text = await screen.expect_dialog("The run waits for the koonj lock.")
            assert f" pid {pid} koonj 3f2a91c4 12/40 dev1@bastion1" in text
            text = await choose_end(screen)
            assert "That run fails." in text
            await screen.type(str(pid))
            await screen.press("enter")
            await screen.expect_run("done")
            assert f" ended pid {pid} koonj 3f2a91c4" in " ".join(screen.run().split())


async def test_a_run_on_a_target_that_the_screen_does_not_know_is_not_touched(project: Project) -> None:
    async with project.open((120, 36)) as screen:
        lock = AwaitedLock("public.t", "SHARE", "relation", 1.0, (_REPORT.blocker,))
        event = Blocked(name="001_t.sql", statement=1, budget=None, lock=lock)
        view = RunView("elsewhere", Direction.APPLY, 0.0, blocked=event)
        screen.main.view, screen.main.control.running = view, True
        await screen.press("b")
        await screen.until(lambda: "elsewhere is not a target of this screen." in screen.bottom())
        screen.main.control.running = False


# Pictures

_REPORT = BlockingSession(
    Blocker(
        BlockerKind.SESSION,
        1,
        16835,
        behind=16840,
        user="app",
        application="import",
        address="10.0.4.7",
        state="active",
        xact_seconds=192.0,
        mode="ACCESS SHARE",
        query="SELECT count(*) FROM documents JOIN prices USING (id) WHERE documents.status = 'new'",
    ),
    1,
    Right.GRANTED,
)
_OTHER = BlockingSession(
    Blocker(
        BlockerKind.SESSION,
        2,
        16836,
        behind=16835,
        user="postgres",
        application="psql",
        address="local",
        state="idle in transaction",
        xact_seconds=340.0,
        mode="ACCESS EXCLUSIVE",
        query="LOCK TABLE prices",
    ),
    1,
    Right.SUPERUSER,
)
_PREPARED = BlockingSession(
    Blocker(
        BlockerKind.PREPARED,
        1,
        None,
        gid="order-4711",
        user="app",
        xact_seconds=8040.0,
        mode="ROW EXCLUSIVE",
    )
)
_SESSIONS = (_REPORT, _OTHER, _PREPARED)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", ["unblock", "unblock_reason", "unblock_confirm"])
async def test_dialogs_match_golden(
    tables: Project, golden: Golden, monkeypatch: pytest.MonkeyPatch, name: str, size: tuple[int, int]
) -> None:
    monkeypatch.chdir(tables.root)
    target = replace(tables.targets[0], name="production", protected=True)
    async with tables.open(size) as screen:
        screen.app.push_screen(_dialog(name, target))
        await screen.expect_dialog()
        await golden(screen, f"{name}_{size[0]}")


def _dialog(name: str, target: Target) -> UnblockDialog | UnblockReasonDialog | UnblockConfirmation:
    choice = Choice(_REPORT, Ending.CANCEL)
    match name:
        case "unblock":
            return UnblockDialog(target, "ACCESS EXCLUSIVE on public.documents", _SESSIONS)
        case "unblock_reason":
            return UnblockReasonDialog(choice)
        case _:
            return UnblockConfirmation(target, choice, "the import can run again tonight")


async def test_sql_that_ends_the_session_is_copied_and_ends_only_that_one(
    project: Project, reader: psycopg.Connection
) -> None:
    pid = reader.info.backend_pid
    async with project.open((120, 36)) as screen:
        await blocked(screen, pid)
        await screen.press("b")
        text = await screen.expect_dialog("In the way on local")
        assert "copy the SQL that ends them" in screen.text(), text
        await screen.press("y")
        await screen.until(lambda: isinstance(screen.app.screen, CopyDialog))
        sql = screen.app.clipboard
        assert sql.endswith(";")
        assert "\n" not in sql
        with closing(psycopg.connect(project.targets[0].dsn, autocommit=True)) as conn:
            other = re.sub(r"= (\d+);", lambda found: f"= {int(found[1]) + 1};", sql)
            assert other != sql
            assert conn.execute(other.encode()).fetchall() == [], "another session with this pid"
            assert conn.execute(sql.encode()).fetchall() == [(True,)]
        await screen.press("escape")
        await screen.press("escape")
        await screen.expect_run("done")


@pytest.mark.parametrize(
    ("kind", "right", "start", "function"),
    [
        (BlockerKind.SESSION, Right.GRANTED, 7, "pg_terminate_backend"),
        (BlockerKind.SESSION, Right.OTHER_ROLE, 7, "pg_terminate_backend"),
        (BlockerKind.AUTOVACUUM, Right.SERVER_PROCESS, 7, "pg_cancel_backend"),
        (BlockerKind.SESSION, Right.SERVER_PROCESS, 7, ""),
        (BlockerKind.SESSION, Right.GRANTED, None, ""),
    ],
)
def test_sql_for_each_kind_of_session(
    kind: BlockerKind, right: Right, start: int | None, function: str
) -> None:
    sql = checked_command(BlockingSession(Blocker(kind, 1, 4711), start, right))
    assert (f"{function}(pid)" in sql) if function else sql == ""
