"""How a run looks where there are fills: the band of a failure, a lock that is waited for, the tones of statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest
from psycopg import sql

from koonj.migrations.migration import Migration
from koonj.migrations.states import State
from koonj.postgres.blockers import Blocker, BlockerKind
from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunResult
from koonj.runner.run.failure import AwaitedLock, Failure
from koonj.tui.documents.line_index import LineIndex
from koonj.tui.documents.statement_list import statement_lines
from koonj.tui.documents.statement_tones import statement_at, statement_tone
from koonj.tui.render.failure_lines import FILLED_FAILURE, failure_lines
from koonj.tui.render.lock_wait import lock_lines
from koonj.tui.render.result_lines import result_lines
from koonj.tui.render.run_head import filled_progress
from koonj.tui.render.run_lines import Line
from koonj.tui.state.messages import TargetChosen
from koonj.tui.state.run import RunView
from koonj.tui.state.run_events import fold
from koonj.tui.theme.tokens import TOKENS
from koonj.tui.toolkit.capabilities import Terminal
from support.looks import cells, look_of
from support.screen import Project, Screen

FAILS = """
    -- what it is for
    BEGIN;

    CREATE TABLE t2 (
        id no_such_type
    );

    COMMIT;

    -- Rollback: none: a test
    """
MESSAGE = 'type "no_such_type" does not exist'


def text(lines: Iterator[Line] | list[Line]) -> list[str]:
    return ["".join(part for part, _ in line).rstrip() for line in lines]


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


async def fail(screen: Screen) -> None:
    """Apply, and wait until the run has failed and the history is read."""
    await screen.press("a")
    await screen.expect_dialog()
    await screen.yes()
    await screen.expect_run("failed")
    await screen.until(lambda: screen.main.migrations.rows[0].state is State.FAILED)
    await screen.until(lambda: bool(screen.main.preview.marked))


@contextmanager
def locked(dsn: str, table: str) -> Iterator[None]:
    """Another session reads the table in an open transaction."""
    with psycopg.connect(dsn, application_name="report") as other:
        other.execute(sql.SQL("LOCK TABLE {} IN ACCESS SHARE MODE").format(sql.Identifier(table)))
        yield


def row_of(screen: Screen, part: str) -> int:
    """Return the number of the last line of the screen that contains `part`."""
    return max(y for y, line in enumerate(screen.lines()) if part in line)


def underlined(screen: Screen, part: str) -> bool:
    """Return whether the last `part` on the screen is underlined."""
    y = row_of(screen, part)
    shown = "".join(character or "\0" for character, _ in cells(screen.app)[y])
    return bool(cells(screen.app)[y][shown.rindex(part)][1].underline)


# A failure


@pytest.mark.parametrize("theme", ["dark", "light"])
async def test_error_stands_on_a_band_of_three_lines(project: Project, theme: str) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme=theme)) as screen:
        await fail(screen)
        await screen.until("ERROR 42704")
        row = row_of(screen, "ERROR 42704")
        assert look_of(screen.app, "ERROR 42704") == ("error", "error-tint", True)
        assert look_of(screen.app, MESSAGE)[1:] == ("error-tint", True)
        assert [look_of(screen.app, "▌", y)[:2] for y in (row - 1, row, row + 1)] == [
            ("error", "error-tint")
        ] * 3
        assert "▌" not in screen.lines()[row + 2]
        assert look_of(screen.app, "╭", row_of(screen, "4 Run"))[0] == "error"
        assert look_of(screen.app, "✗ failed", row_of(screen, "4 Run"))[:2] == ("error", "error-tint")


async def test_place_and_word_are_underlined_with_a_caret_below(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await fail(screen)
        await screen.until("001_fails.sql:5:8")
        assert underlined(screen, "001_fails.sql:5:8")
        assert underlined(screen, "no_such_type")
        source = row_of(screen, "id no_such_type")
        caret = screen.lines()[source + 1]
        assert caret.index("^") == screen.lines()[source].rindex("no_such_type")
        assert look_of(screen.app, " i ", row_of(screen, "edit 001"))[:2] == ("background", "accent")


@pytest.mark.parametrize("theme", ["dark", "terminal"])
async def test_error_is_said_once_while_the_run_is_beside_the_preview(project: Project, theme: str) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme=theme)) as screen:
        await fail(screen)
        await screen.until("edit 001")
        assert screen.text().count(MESSAGE) == 1
        await screen.press("escape")
        await screen.until(lambda: MESSAGE in " ".join(screen.preview().split()))


async def test_preview_says_the_error_when_it_is_zoomed(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        assert MESSAGE not in screen.preview()
        await screen.press("2", "plus")
        await screen.until(lambda: MESSAGE in " ".join(screen.preview().split()))


async def test_result_is_drawn_again_in_another_theme(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36)) as screen:
        await fail(screen)
        assert "▌" not in screen.text()
        screen.app.theme = "dark"
        await screen.until("▌ ERROR 42704")
        screen.app.theme = "terminal"
        await screen.until("ERROR 42704:")
        await screen.until(lambda: "▌" not in screen.text())


async def test_tone_of_a_run_is_not_shown_for_another_target(three_targets: Project) -> None:
    three_targets.write("001_fails.sql", FAILS)
    async with three_targets.open((120, 36), Terminal(theme="dark")) as screen:
        await fail(screen)
        await screen.until(lambda: _gutter(screen, row_of(screen, " │ CREATE TABLE t2")) == "error")
        screen.main.post_message(TargetChosen("staging"))
        await screen.until(lambda: _gutter(screen, row_of(screen, " │ CREATE TABLE t2")) == "accent")


async def test_formatted_text_has_no_tones(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await screen.until(lambda: _gutter(screen, row_of(screen, " │ CREATE TABLE t2")) == "accent")
        await screen.press("2", "f")
        await screen.until("formatted; the file is unchanged")
        assert _gutter(screen, row_of(screen, " │ CREATE TABLE t2")) == "border"


async def test_tone_of_each_statement_is_in_the_gutter(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await screen.until("4 │ CREATE TABLE t2")
        first = row_of(screen, "4 │ CREATE TABLE t2")

        def tones() -> list[str]:
            return [_gutter(screen, y) for y in range(first - 2, first + 5)]

        assert tones() == ["border", "border", "accent", "accent", "accent", "border", "border"]
        await fail(screen)
        await screen.until("5!│     id no_such_type")
        first = row_of(screen, "4 │ CREATE TABLE t2")
        assert tones() == ["border", "border", "error", "error", "error", "border", "border"]
        assert look_of(screen.app, "id ", first + 1)[1] == "error-tint"
        assert look_of(screen.app, "CREATE", first)[1] == "background"


def _gutter(screen: Screen, y: int) -> str:
    """Return the token of the line between number and text in the preview, in the theme `dark`."""
    row = cells(screen.app)[y]
    start = next(x for x in range(60, 75) if row[x][0] == "│")
    colour = row[start][1].color
    hexes = {TOKENS[name].dark: name for name in ("border", "accent", "ok", "info", "warn", "error")}
    return hexes[colour.triplet.hex] if colour is not None and colour.triplet is not None else "?"


@pytest.mark.parametrize(
    ("terminal", "bar"),
    [
        (Terminal(theme="dark", colour=False), "▌"),
        (Terminal(theme="dark", true_colour=False), "▌"),
        (Terminal(theme="dark", ascii_only=True), ">"),
    ],
    ids=["no colour", "256 colours", "ascii"],
)
async def test_band_has_a_bar_in_every_mode(project: Project, terminal: Terminal, bar: str) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), terminal) as screen:
        await fail(screen)
        await screen.until("ERROR 42704")
        row = row_of(screen, "ERROR 42704")
        shown = ["".join(character for character, _ in line) for line in cells(screen.app)]
        assert all(bar in shown[y][57:] for y in (row - 1, row, row + 1))
        assert ">" not in shown[row + 3][57:] or bar == "▌"


async def test_run_is_as_high_as_its_result_needs_and_the_preview_keeps_ten_lines(project: Project) -> None:
    project.table(1)
    steps = tuple(f"step {n}" for n in range(40))
    failure = Failure("", Direction.APPLY, 0, 0, "", None, None, "", None, "ERROR", "no", next_steps=steps)
    async with project.open((120, 30), Terminal(theme="dark")) as screen:
        ended = events.RunFinished(RunResult.FAILED, "no", failure=failure)
        screen.main.view = RunView("local", Direction.APPLY, 0.0, finished=ended, ended=1.0)
        await screen.until(lambda: screen.main.preview.outer_size.height == 10)


async def test_keys_stand_at_the_end_of_the_result(project: Project) -> None:
    project.write("001_fails.sql", FAILS)
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await fail(screen)
        await screen.press("4", "plus")
        await screen.until("zoomed")
        advice = row_of(screen, "Fix the cause")
        assert screen.lines()[advice + 1].split()[1:4] == ["next", "i", "edit"]


# A lock


BLOCKER = Blocker(
    BlockerKind.SESSION,
    1,
    4259,
    user="dev1",
    application="psql",
    address="local",
    state="idle in transaction",
    xact_seconds=760.0,
    mode="ROW SHARE",
    query="SELECT * FROM documents",
)
LOCK = AwaitedLock("public.documents", "ACCESS EXCLUSIVE", "relation", 1.0, (BLOCKER,), queue=3, longest=1.2)
BLOCKED = lock_events.Blocked("001_a.sql", 1, 4.0, LOCK, at=at(100))
AGAIN = events.Retrying("001_a.sql", 2, 5, "55P03", "lock timeout", 4.0, LOCK, at=at(90))


def test_lock_has_meter_time_attempt_and_the_sessions_on_both_sides() -> None:
    assert text(lock_lines(BLOCKED, AGAIN, 101.0, 60)) == [
        " ▮▮▮ ACCESS EXCLUSIVE on public.documents",
        " wait       ━━━━━━━━━━━╸────────────  0:02 of 0:04",
        " attempt    ▮▮▯▯▯  2 of 5",
        f" ╌ blocked by 1 session {'╌' * 34}",
        " pid 4259 psql, idle in transaction 12 min 41 s, holds ROW…",
        "   last: SELECT * FROM documents",
        f" ╌ waiting behind koonj 3 sessions, the first one for 2.20 s {'╌' * 0}".rstrip(),
    ]


def test_many_sessions_in_the_way_leave_room_for_the_log() -> None:
    many = replace(BLOCKED, lock=replace(LOCK, blockers=(BLOCKER,) * 9))
    shown = text(lock_lines(many, AGAIN, 101.0, 60))
    assert (len(shown), shown[-1]) == (10, " …")


def test_lock_without_a_limit_has_no_bar_and_a_first_attempt_no_meter() -> None:
    shown = text(lock_lines(replace(BLOCKED, budget=None), None, 101.0, 60))
    assert shown[1] == " wait       0:02 without a limit"
    assert not any("attempt" in line for line in shown)


def test_attempt_counts_down_until_it_starts() -> None:
    view = fold(
        RunView("local", Direction.APPLY, 80.0),
        [events.MigrationStarted("001_a.sql", Direction.APPLY, 1, 1, 1, True, at=at(81)), AGAIN],
    )
    assert text(filled_progress(view, 91.0, 60))[1:] == [
        " ▮▮▮ ACCESS EXCLUSIVE on public.documents",
        " attempt    ▮▮▯▯▯  2 of 5 in 3 s",
    ]
    assert view.waits
    again = fold(view, [events.MigrationStarted("001_a.sql", Direction.APPLY, 1, 1, 1, True, at=at(94))])
    assert again.attempt is not None
    assert not again.waits
    other = fold(again, [events.MigrationStarted("002_b.sql", Direction.APPLY, 1, 1, 1, True, at=at(95))])
    assert other.attempt is None


def test_clock_of_a_run_is_never_cut() -> None:
    view = fold(
        RunView("local", Direction.APPLY, 80.0),
        [events.MigrationStarted(f"001_{'a' * 90}.sql", Direction.APPLY, 1, 1, 1, True, at=at(81))],
    )
    line = text(filled_progress(view, 91.0, 60))[0]
    assert line.endswith("…  0:11")
    assert len(line) < 60


async def test_run_that_waits_for_a_lock_has_the_tone_of_waiting(project: Project, database: str) -> None:
    project.table(1)
    project.write(
        "002_alter.sql",
        """
        -- koonj: lock_timeout 1h
        BEGIN;
        ALTER TABLE t1
            ADD COLUMN a int;
        COMMIT;
        -- Rollback: none: a test
        """,
    )
    async with project.open((120, 36), Terminal(theme="dark")) as screen:
        await screen.press("a")
        await screen.expect_dialog()
        await screen.yes()
        await screen.expect_run("done")
        screen.later(5)
        with locked(database, "t1"):
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until("blocked by 1 session")
            title = row_of(screen, "4 Run")
            assert look_of(screen.app, "waits for a lock", title)[:2] == ("warn", "warn-tint")
            assert look_of(screen.app, "▮▮▮") == ("error", "background", True)
            screen.main.migrations.select("002_alter.sql")
            await screen.until("3▸│ ALTER TABLE t1")
            first = row_of(screen, "3▸│ ALTER TABLE t1")
            assert _gutter(screen, first) == "warn"
            assert look_of(screen.app, "ALTER", first)[1] == "warn-tint"
            assert look_of(screen.app, "ADD COLUMN", first + 1)[1] == "warn-tint"
            assert look_of(screen.app, "BEGIN", first - 1)[1] == "background"
            await screen.cancel_run()
            await screen.expect_run("cancelled")


# A cancel


def test_cancel_is_said_once() -> None:
    failure = Failure(
        "001_a.sql",
        Direction.APPLY,
        1,
        1,
        "001_a.sql",
        1,
        1,
        "SELECT 1",
        "57014",
        "ERROR",
        "canceling statement due to user request",
        target_state="No part of 001_a.sql was committed.",
        next_steps=("To start it again, run: koonj apply",),
    )
    message = "Cancelled. No part of 001_a.sql was committed."
    view = RunView("local", Direction.APPLY, 0.0, ended=1.0)
    ended = fold(view, [events.RunFinished(RunResult.CANCELLED, message, failure=failure)])
    shown = " ".join(text(result_lines(ended, 80))).lower()
    assert shown.count("cancel") == 1
    failed = fold(view, [events.RunFinished(RunResult.FAILED, message, failure=failure)])
    assert "canceling statement" in " ".join(text(result_lines(failed, 80))), "another session cancelled it"
    twice = replace(failure, sqlstate="23505", message="duplicate key")
    other = fold(view, [events.RunFinished(RunResult.CANCELLED, message, failure=twice)])
    assert "duplicate key" in " ".join(text(result_lines(other, 80))), "it failed before the cancel arrived"
    both = (text(failure_lines(failure, 80, FILLED_FAILURE, is_cancel=c)) for c in (True, False))
    assert ["57014" in " ".join(lines) for lines in both] == [False, True]


# Statements


@pytest.mark.parametrize(
    ("terminal", "sign"),
    [
        (Terminal(theme="dark"), "▸│ "),
        (Terminal(), "▸"),
        (Terminal(colour=False), "▸"),
        (Terminal(ascii_only=True), ">"),
    ],
    ids=["dark", "16 colours", "no colour", "ascii"],
)
async def test_lines_of_the_running_statement_are_marked(
    project: Project, database: str, terminal: Terminal, sign: str
) -> None:
    project.write(
        "001_waits.sql",
        """
        -- koonj: lock_timeout 1h
        BEGIN;
        SELECT pg_advisory_xact_lock(
            7);
        COMMIT;
        -- Rollback: none: a test
        """,
    )
    with psycopg.connect(database, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(7)")
        async with project.open((120, 36), terminal) as screen:
            await screen.until("SELECT pg_advisory_xact_lock")
            assert f"3{sign}" not in screen.text()
            await screen.press("a")
            await screen.expect_dialog()
            await screen.yes()
            await screen.until(lambda: f"3{sign}SELECT pg" in screen.text())
            assert f"4{sign}    7);" in screen.text()
            assert f"2{sign}" not in screen.text()
            if terminal.theme == "dark":
                tint = look_of(screen.app, "SELECT", row_of(screen, "SELECT pg"))[1]
                assert tint in {"info-tint", "warn-tint"}
            other.execute("SELECT pg_advisory_unlock(7)")
            await screen.expect_run("done")
            await screen.until(lambda: f"3{sign}" not in screen.text())


FILE = """\
-- about it
BEGIN;
CREATE TABLE a (
    id int
);

-- more
INSERT INTO a VALUES (1); INSERT INTO a
VALUES (2);
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP TABLE
--     a;
-- COMMIT;
"""


def test_statement_of_each_line_is_found() -> None:
    lines = LineIndex(statement_lines(Migration.from_recorded("001_a.sql", FILE)))
    found = [statement_at(lines, line) for line in range(1, 17)]
    assert [None if one is None else (one.number, one.part[0]) for one in found] == [
        None, (0, "b"), (1, "b"), (1, "b"), (1, "b"), None, None, (3, "b"), (3, "b"), (0, "b"),
        None, None, (0, "r"), (1, "r"), (1, "r"), (0, "r"),
    ]  # fmt: skip
    assert statement_at(LineIndex(""), 1) is None


def test_tone_of_a_statement_follows_the_run() -> None:
    lines = LineIndex(statement_lines(Migration.from_recorded("001_a.sql", FILE)))
    first, third, begin, back = (statement_at(lines, line) for line in (3, 8, 2, 14))
    assert first is not None
    assert third is not None
    assert begin is not None
    assert back is not None
    running = fold(
        RunView("local", Direction.APPLY, 0.0),
        [events.StatementStarted("001_a.sql", 3, 3, 8, "insert", at=at(1))],
    )

    def tones(view: RunView | None, name: str = "001_a.sql") -> list[str | None]:
        return [statement_tone(one, name, view) for one in (begin, first, third, back)]

    assert tones(None) == [None, "accent", "accent", "accent"]
    assert tones(running) == [None, "ok", "info", "accent"]
    assert tones(fold(running, [replace(BLOCKED, statement=3)])) == [None, "ok", "warn", "accent"]
    assert tones(running, "002_b.sql") == [None, "accent", "accent", "accent"]
    failure = Failure(
        "001_a.sql", Direction.APPLY, 3, 3, "001_a.sql", 8, 1, "", "22012", "ERROR", "division by zero"
    )
    ended = replace(running, ended=2.0, statement=None)
    rolled_back = fold(ended, [events.RunFinished(RunResult.FAILED, "", failure=failure)])
    assert tones(rolled_back) == [None, "accent", "error", "accent"]
    partly = replace(failure, committed=("statement 1", "statement 2"))
    committed = fold(ended, [events.RunFinished(RunResult.FAILED, "", failure=partly)])
    assert tones(committed) == [None, "ok", "error", "accent"]
