"""Fixtures for tests of the screen: projects with targets on a real server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, process_time
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from textual._compositor import Compositor
from textual._context import visible_screen_stack
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.geometry import Size
from textual.strip import Strip

from koonj import humanize
from koonj.config import Target
from koonj.postgres import server_info
from koonj.runner.rehearse.verdict import Verdict
from koonj.tui.state import run_events
from koonj.tui.widgets import text_searcher
from koonj.tui.workers import watcher
from support.pilot import PATIENCE
from support.recorded_rehearsals import RecordedRehearsals, rehearsal
from support.screen import Golden, Project, Screen, masked

GOLDEN = Path(__file__).parent / "golden"
SHOWN_TIME = datetime(2026, 8, 1, 14, 3, 59, tzinfo=UTC)
"""The date and time that golden screens show for every time."""
UNREACHABLE = "host=127.0.0.1 port=1 user=nobody password=hunter2 dbname=none connect_timeout=2"


@pytest.fixture(scope="session", autouse=True)
def _styles_are_parsed_once() -> Iterator[None]:
    """Parse each stylesheet once for all tests; otherwise it takes a tenth of the time of a test with a screen."""
    parse, parsed = Stylesheet._parse_rules, dict[object, list[RuleSet]]()

    def once(sheet: Stylesheet, css: str, **source: Any) -> list[RuleSet]:
        key = (css, tuple(sorted(source.items())), tuple(sorted(sheet._variables.items())))
        if key not in parsed:
            parsed[key] = parse(sheet, css, **source)
        return parsed[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def _screens_are_drawn_when_looked_at() -> Iterator[None]:
    """Draw a screen while a test waits for it, and when the test reads it, but not at each refresh in between.

    There is no terminal to write these frames to, and they take a quarter of the time of a test with a screen. Tests
    in a real terminal draw all of them.
    """
    update, strips = Compositor.render_update, Compositor.render_strips

    def no_update(
        compositor: Compositor, full: bool = False, screen_stack: Any = None, simplify: bool = False
    ) -> Any:
        if full or screen_stack is None:  # a picture, or a test that asks for the update itself
            return update(compositor, full, screen_stack, simplify)
        vars(compositor).update(is_undrawn=True, behind=screen_stack)
        compositor._dirty_regions.clear()
        return None

    def whole(compositor: Compositor, size: Size | None = None) -> list[Strip]:
        # A dialog takes its background from there.
        visible_screen_stack.set(list(vars(compositor).get("behind", ())))
        vars(compositor)["is_undrawn"] = False
        return strips(compositor, size)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Compositor, "render_update", no_update)
        patch.setattr(Compositor, "render_strips", whole)
        yield


@pytest.fixture(autouse=True)
def _frequent_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Check the folder every 0.1 s, so that tests do not have to wait."""
    monkeypatch.setattr(watcher, "FOLDER_INTERVAL", 0.1)
    monkeypatch.setattr(watcher, "INTERVAL_FACTOR", 1)  # a busy machine reads for seconds


@pytest.fixture(autouse=True)
def _whole_searches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a search end in its first slice of time, however slow the machine is."""
    monkeypatch.setattr(text_searcher, "SLICE", 3600.0)


@pytest.fixture(autouse=True)
def _no_slow_statements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no statement have a line in the log because the machine is slow."""
    monkeypatch.setattr(run_events, "SLOW", 3600.0)


def short_dsn(dsn: str) -> str:
    """Return the dsn with only host, database and user, as a user would write it."""
    return make_conninfo(
        "", **{k: v for k, v in conninfo_to_dict(dsn).items() if k in {"host", "dbname", "user"}}
    )


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    """A project with an empty folder and one target, ``local``."""
    return Project(tmp_path, Target("local", short_dsn(database)))


@pytest.fixture
def tables(project: Project) -> Project:
    """A project with three migrations that each make a table."""
    for number in (1, 2, 3):
        project.table(number)
    return project


@pytest.fixture
def offline(tmp_path: Path) -> Project:
    """A project whose target is unreachable; no test waits for it."""
    return Project(tmp_path, Target("local", "host=127.0.0.1 port=1 user=nobody dbname=none"))


@pytest.fixture
def three_targets(tmp_path: Path, make_database: Callable[[], str]) -> Project:
    """A project with three targets: ``local``, ``staging``, ``production``.

    ``production`` is protected and cannot be reached.
    """
    return Project(
        tmp_path,
        Target("local", short_dsn(make_database())),
        Target("staging", short_dsn(make_database())),
        Target("production", UNREACHABLE, protected=True),
    )


@pytest.fixture
def protected(tmp_path: Path, database: str) -> Project:
    """A project with one protected target, ``production``."""
    return Project(tmp_path, Target("production", short_dsn(database), protected=True))


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fix the values that the screen takes from the machine.

    These are date, time zone, user, host and round trip.
    """
    monkeypatch.setattr(humanize, "local_time", lambda _: SHOWN_TIME)
    monkeypatch.setattr(humanize, "_THREE_DECIMALS", 0.0)  # else a fast machine has wider texts
    monkeypatch.setattr(server_info, "perf_counter", lambda: 0.0)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "bastion")


async def settled(screen: Screen) -> str:
    """Return what the screen shows when it has been the same for a second, in which koonj has worked.

    On a busy machine, a second on the clock can pass without any work. A screen that never rests is taken as it is
    after 20 s.
    """
    end, shown, worked = monotonic() + 20, "", process_time()
    since = monotonic()
    while monotonic() < end and (monotonic() - since < 1.0 or process_time() - worked < 0.2):
        await screen.pilot.step()
        now = masked(screen.lines())
        if now != shown:
            shown, since, worked = now, monotonic(), process_time()
    return shown


@pytest.fixture
def golden(pinned: None, request: pytest.FixtureRequest) -> Iterator[Golden]:
    """A function that waits until the screen looks like ``golden/NAME.txt``.

    With ``--golden=write`` it writes the file instead.
    """
    begun, compared = [], []

    async def compare(screen: Screen, name: str) -> None:
        compared.append(name)
        path = GOLDEN / f"{name}.txt"
        if request.config.getoption("golden") == "write":
            path.write_text(await settled(screen), encoding="utf-8")  # whoever writes reads the difference
        wanted, end = path.read_text(encoding="utf-8"), monotonic() + PATIENCE
        while (shown := masked(screen.lines())) != wanted and monotonic() < end:
            await screen.pilot.step()
        assert shown == wanted, f"{name} looks different; --golden=write accepts it"

    def begin(screen: Screen, name: str) -> Awaitable[None]:
        begun.append(name)
        return compare(screen, name)

    yield begin
    assert compared == begun, "write: await golden(…)"


@pytest.fixture
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RecordedRehearsals:
    """Results of three migrations; the rollback of the second one is wrong."""
    made = RecordedRehearsals(tmp_path_factory.mktemp("recorded"))
    made.set_rehearsals(
        rehearsal("001_make_t1.sql"),
        rehearsal("002_make_t2.sql", Verdict.INCOMPLETE, "The rollback leaves the table t2 behind."),
        rehearsal("003_make_t3.sql", Verdict.LOSSY, "The rollback restores the schema but not the data."),
    )
    return made
