"""Fixtures of the screen's tests: a project on disk, its targets on the real server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj import humanize
from koonj.config import Target
from koonj.postgres import connector
from koonj.tui.workers import watcher
from support.screen import Project, Screen, masked

GOLDEN = Path(__file__).parent / "golden"
SHOWN = datetime(2026, 8, 1, 14, 3, 59, tzinfo=UTC)
"""What every moment looks like on a golden screen, whenever and wherever it was."""
UNREACHABLE = "host=127.0.0.1 port=1 user=nobody password=hunter2 dbname=none connect_timeout=2"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the folder so often that tests need not wait."""
    monkeypatch.setattr(watcher, "FOLDER_INTERVAL", 0.1)


def short(dsn: str) -> str:
    """The dsn with what leads to the server only, as a person would write it."""
    return make_conninfo(
        "", **{k: v for k, v in conninfo_to_dict(dsn).items() if k in {"host", "dbname", "user"}}
    )


@pytest.fixture
def project(tmp_path: Path, database: str) -> Project:
    """One target, ``local``, and an empty folder."""
    return Project(tmp_path, Target("local", short(database)))


@pytest.fixture
def three_targets(tmp_path: Path, make_database: Callable[[], str]) -> Project:
    """``local`` and ``staging`` answer; ``production`` is protected and cannot be reached."""
    return Project(
        tmp_path,
        Target("local", short(make_database())),
        Target("staging", short(make_database())),
        Target("production", UNREACHABLE, protected=True),
    )


@pytest.fixture
def protected(tmp_path: Path, database: str) -> Project:
    """One protected target, ``production``."""
    return Project(tmp_path, Target("production", short(database), protected=True))


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what the screen takes from the machine: the date, the time zone, the user, the host, the round trip."""
    monkeypatch.setattr(humanize, "local_time", lambda _: SHOWN)
    monkeypatch.setattr(connector, "perf_counter", lambda: 0.0)
    monkeypatch.setenv("LOGNAME", "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "bastion")


@pytest.fixture
def golden(pinned: None, request: pytest.FixtureRequest) -> Callable[[Screen, str], None]:
    """Compare the whole screen with ``golden/NAME.txt``; ``--golden=write`` writes it instead."""

    def compare(screen: Screen, name: str) -> None:
        path = GOLDEN / f"{name}.txt"
        seen = masked(screen.lines())
        if request.config.getoption("golden") == "write":
            path.write_text(seen, encoding="utf-8")
        assert seen == path.read_text(encoding="utf-8"), f"{name} looks different; --golden=write accepts it"

    return compare
