"""Fixtures of the screen's tests: a project on disk, its targets on the real server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import Target
from koonj.tui.workers import watcher
from support.screen import Project, Screen, masked

GOLDEN = Path(__file__).parent / "golden"
UNREACHABLE = "host=127.0.0.1 port=1 user=nobody password=hunter2 dbname=none connect_timeout=2"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at the folder so often that tests need not wait."""
    monkeypatch.setattr(watcher, "LOOK", 0.1)


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
def golden(request: pytest.FixtureRequest) -> Callable[[Screen, str], None]:
    """Compare the whole screen with ``golden/NAME.txt``; ``KOONJ_GOLDEN=write`` writes it instead."""

    def compare(screen: Screen, name: str) -> None:
        path = GOLDEN / f"{name}.txt"
        seen = masked(screen.lines())
        if request.config.getoption("golden") == "write":
            path.write_text(seen, encoding="utf-8")
        assert seen == path.read_text(encoding="utf-8"), f"{name} looks different; --golden=write accepts it"

    return compare


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--golden=write`` writes the golden screens anew."""
    parser.addoption("--golden", default="compare", choices=("compare", "write"))
