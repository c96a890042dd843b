"""A run on several targets is one run in the Run pane: followed, opened target by target, cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from koonj.cli.arguments import parse
from koonj.cli.diagnostics import ExitCode
from koonj.config import Target
from koonj.humanize import now
from koonj.runner.run import events, lock_events
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, RunResult
from koonj.runner.run.failure import Failure
from koonj.runner.run.fleet_events import (
    FleetFinished,
    FleetPlanned,
    FleetStarted,
    Outcome,
    TargetFinished,
    TargetResult,
    WaveStarted,
)
from koonj.runner.run.target_event import TargetEvent
from koonj.tui.screens.fleet_run import LEFT, command
from koonj.tui.screens.matrix import MatrixScreen
from koonj.tui.state.fleet_events import fold_run
from koonj.tui.state.fleet_run import FleetRunView, new_fleet_view
from koonj.tui.workers.subprocesses import PROGRAM
from support.fleet_screen import FIRST, SECOND, FleetScreen, fleet_screen
from support.screen import Golden, Project, Screen
from tui.conftest import short_dsn

Made = Callable[..., FleetScreen]
SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def fleet(
    tmp_path: Path, make_database: Callable[[], str], home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FleetScreen]:
    """Targets a, b and c of which b and c have a closed gate, and d, which cannot be reached."""
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TMPDIR", str(home))
    with fleet_screen(tmp_path, lambda: short_dsn(make_database()), "b", "c") as made:
        yield made


def row(screen: Screen, target: str) -> list[str]:
    """Return the words of the row of a target in the Run pane, without its cursor."""
    (line,) = [line for line in screen.pane("4") if line[1:].lstrip(" ").split()[1:2] == [target]]
    return line.replace("›", " ").split()


def said(screen: Screen) -> str:
    """Return the text of the Run pane without its line breaks."""
    return " ".join(screen.run().split())


async def test_screen_follows_the_whole_run_and_cancels_all_of_it(fleet: FleetScreen) -> None:
    fleet.start("--max-failures", "3", "--at-once", "1")
    fleet.wait_until_at_gate("b")
    async with fleet.project.open((100, 40), moves_runs=True, answered=False) as screen:
        await screen.until("statement 2 of 3")
        assert "applying on 4 targets  wave 2 of 2" in screen.run()
        assert "1 applied, 1 unreachable, 1 running, 1 waiting" in screen.run()
        assert row(screen, "a")[:5] == ["✓", "a", "1", "applied", "2"]
        assert row(screen, "b") == [
            "●",
            "b",
            "2",
            "running",
            "1",
            "of",
            "2",
            f"{SECOND},",
            *["statement", "2", "of", "3"],
        ]
        assert row(screen, "c") == ["◦", "c", "2", "waiting", "0", "of", "2"]
        assert row(screen, "d")[:3] == ["?", "d", "unreachable"]
        assert "refused" in screen.run()  # the reason, below it

        await screen.press("4", "g", "j", "j", "enter")
        await screen.until("4 Run on b")
        assert f"migration 2 of 2  {SECOND}" in screen.run()
        assert f"applied {FIRST}" in screen.run()
        await screen.press("escape")
        await screen.until("4 Run on 4 targets")

        await screen.press("c")
        text = await screen.expect_dialog("Cancel the run on 4 targets?")
        words = " ".join(text.split())
        assert "Running now: b. No other target starts: 1 target left." in words
        assert f"b: {SECOND} runs in several transactions. 1 of 3 statements is done and stays" in words
        await screen.press("enter")  # never confirms
        assert fleet.sql("b", "SELECT to_regclass('t3') IS NULL") == [(True,)]
        await screen.yes()
        await screen.until(lambda: "cancelled: Applied 3 migrations on 2 targets." in said(screen))
        assert row(screen, "b")[:7] == ["✗", "b", "2", "cancelled", "1", "of", "2"]
        assert row(screen, "c") == ["◦", "c", "2", "not", "started", "0", "of", "2"]
        assert "T all targets: try again there" in screen.run()
    assert [fleet.applied(name) for name in "abc"] == [[FIRST, SECOND], [FIRST], []]


async def test_only_the_opened_target_is_cancelled_and_the_others_go_on(fleet: FleetScreen) -> None:
    fleet.start("--max-failures", "3")
    for name in "bc":
        fleet.wait_until_at_gate(name)
    async with fleet.project.open((100, 40), moves_runs=True, answered=False) as screen:
        await screen.until("1 applied, 1 unreachable, 2 running")
        await screen.press("4", "g", "j", "j", "enter")
        await screen.until("4 Run on b")
        await screen.press("c")
        text = await screen.expect_dialog("Cancel only the run on b?")
        assert "The runs in progress on other targets go on." in " ".join(text.split())
        await screen.yes()
        await screen.until(f"Cancelled. 1 of 3 statements of {SECOND} are committed.")
        await screen.press("escape")
        await screen.until("1 applied, 1 cancelled, 1 unreachable, 1 running")
        fleet.open_gate("c")
        await screen.until(
            lambda: "failed: Applied 5 migrations on 3 targets. 2 of 4 targets" in said(screen)
        )
        assert row(screen, "c")[:7] == ["✓", "c", "2", "applied", "2", "of", "2"]
    assert [fleet.applied(name) for name in "abc"] == [[FIRST, SECOND], [FIRST], [FIRST, SECOND]]
    async with fleet.project.open((100, 40), moves_runs=True, answered=False) as again:
        await again.press("4")
        await again.until("4 Run on 4 targets")
        await again.until(lambda: "cancelled" in again.run() and "unreachable" in again.run())
        assert "nobody watched" not in again.text(), "its end was seen"


async def test_the_screen_tells_of_a_run_that_ended_unseen_and_starts_no_other_meanwhile(
    fleet: FleetScreen,
) -> None:
    fleet.start("--max-failures", "3")
    fleet.wait_until_at_gate("b")
    async with fleet.project.open((120, 30), moves_runs=True, answered=False) as screen:
        await screen.until("2 running")
        await screen.press("T")
        await screen.until(lambda: isinstance(screen.app.screen, MatrixScreen))
        for key in ("a", "B", "Z"):
            await screen.press(key)
            await screen.until("A run is in progress. Wait for it, or press c to cancel it.")
        await screen.press("escape", "q")
        await screen.expect_dialog("The run continues in its own process", "c: Running now: b, c.")
        await screen.press_to_exit("l")
    for name in "bc":
        fleet.open_gate(name)
    async with fleet.project.open((120, 30), moves_runs=True, answered=False) as again:
        await again.until("This run ended while nobody watched it.")
        assert "failed: Applied 6 migrations on 3 targets. 3 of 4 targets are up to date" in said(again)


def test_matrix_starts_the_command_that_asks_and_leaves_the_run_to_the_screen() -> None:
    targets = [Target(name, "host=x", declared=True) for name in ("a", "b*")]
    applies, back, every = (
        parse(command(words, targets, Path("/m"))[len(PROGRAM) :])
        for words in (("apply",), ("rollback", "7"), ("rollback", "--all"))
    )
    assert (applies.command, applies.targets, applies.leave) == ("apply", ("a", "b[*]"), True)
    assert (back.command, back.number, back.leave, back.yes, back.confirmed) == (
        "rollback",
        "7",
        True,
        False,
        (),
    )
    assert (every.number, every.all, every.leave) == (None, True, True)
    assert ExitCode.LEFT == LEFT


async def test_rollback_of_the_matrix_needs_a_migration_and_a_terminal_to_ask_in(tmp_path: Path) -> None:
    targets = (Target(name, "host=/nowhere", declared=True) for name in ("local", "staging"))
    project = Project(tmp_path, *targets)
    project.table(1)
    async with project.open((120, 30)) as screen:
        await screen.press("T")
        await screen.until("No target has answered")
        await screen.press("B")
        await screen.until("Choose a migration first: those with a higher number are rolled back.")
        await screen.press("Z")
        await screen.until(
            "koonj cannot leave its screen here. Use the command rollback in another terminal."
        )


NAMES = ("016_add_email.sql", "017_email_index.sql")
WAVES = (("canary",), ("tenant_berlin", "tenant_lyon", "tenant_oslo"))


def at(seconds: int) -> datetime:
    """Return a moment of a run that has begun a short time ago."""
    return datetime.fromtimestamp(now(), UTC) - timedelta(seconds=20 - seconds)


def _of(target: str, *made: Event) -> list[Event]:
    return [TargetEvent(target, event, at=event.at) for event in made]


def _begun(target: str) -> list[Event]:
    """Return the events of a target that has one migration and runs the other."""
    return _of(
        target,
        lock_events.LockAcquired(0.0, at=at(2)),
        events.MigrationStarted(NAMES[0], Direction.APPLY, 1, 2, 1, True, at=at(2)),
        events.MigrationFinished(NAMES[0], Direction.APPLY, 0.25, 1, at=at(3)),
        events.MigrationStarted(NAMES[1], Direction.APPLY, 2, 2, 3, False, at=at(3)),
        events.StatementStarted(NAMES[1], 2, 3, 4, "CREATE INDEX CONCURRENTLY", 1, at=at(3)),
    )


def _result(
    target: str, outcome: Outcome, committed: int, message: str = "", failed: str = ""
) -> TargetResult:
    failure = (
        Failure(failed, Direction.APPLY, 2, 3, failed, 4, None, "", "42P07", "ERROR", message)
        if failed
        else None
    )
    return TargetResult(
        target,
        outcome,
        run_id=target,
        committed=NAMES[:committed],
        message=message,
        failure=failure,
        seconds=0.25,
    )


def seen(*, ended: bool) -> FleetRunView:
    """Return a run of which one target has ended, one failed, one runs, one waits, and two cannot run."""
    planned = [TargetResult(name, Outcome.PLANNED, not_run=NAMES) for wave in WAVES for name in wave]
    others = [
        TargetResult("tenant_rome", Outcome.UP_TO_DATE),
        TargetResult("tenant_turin", Outcome.UNREACHABLE, message="connection refused"),
    ]
    failed = _result("tenant_berlin", Outcome.FAILED, 1, 'relation "email_idx" already exists', NAMES[1])
    happened: list[Event] = [
        FleetStarted("x", tuple(one.target for one in (*planned, *others)), Direction.APPLY, at=at(0)),
        FleetPlanned((*planned, *others), (), WAVES, 2, 3, at=at(0)),
        WaveStarted(1, 2, WAVES[0], at=at(1)),
        *_begun("canary"),
        TargetFinished(_result("canary", Outcome.APPLIED, 2), at=at(4)),
        WaveStarted(2, 2, WAVES[1], at=at(4)),
        *_begun("tenant_berlin"),
        *_begun("tenant_lyon"),
        TargetFinished(failed, at=at(5)),
    ]
    if ended:
        lyon = _result("tenant_lyon", Outcome.APPLIED, 2)
        oslo = TargetResult("tenant_oslo", Outcome.NOT_STARTED, not_run=NAMES)
        results = (_result("canary", Outcome.APPLIED, 2), failed, lyon, oslo, *others)
        message = "Applied 5 migrations on 3 targets. 3 of 6 targets are up to date; 1 failed, 1 unreachable, 1 not started."
        happened.append(FleetFinished(RunResult.FAILED, message, results, at=at(9)))
    view = fold_run(new_fleet_view(6, Direction.APPLY, at(0).timestamp()), happened)
    assert isinstance(view, FleetRunView)
    return view


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_run_on_several_targets_matches_golden(
    offline: Project, golden: Golden, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(offline.root)
    async with offline.open(size) as screen:
        screen.main.view = seen(ended=False)
        await screen.press("4")
        await golden(screen, f"fleet_{size[0]}")
        screen.main.view = seen(ended=True)
        await golden(screen, f"fleet_ended_{size[0]}")


def test_one_more_failure_decides_whether_other_targets_start() -> None:
    view = seen(ended=False)
    assert view.left_words_of("tenant_lyon")[-1] == (
        "The runs in progress on other targets go on. It counts as a failure: 1 target will not be started."
    )
    assert view.left_words_of("tenant_berlin") == ()  # it has ended
    assert view.left_words[0] == "Running now: tenant_lyon. No other target starts: 1 target left."
