"""A real standby: its status can be read, a plan says what it is, and a run is refused before anything happens."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from koonj.config import Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.os_account import Account
from koonj.postgres.embedded.template import fresh_cluster
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.events import PlanMade, RunResult
from support.project import Project, events_of_kind, run_finished

WORDS = "The server is a standby, which only replays the changes of its primary. It accepts no changes."
SETTINGS = {"wal_level": "replica", "max_wal_senders": "10", "max_connections": "100"}


def _standby(binaries: Binaries, data: Path, account: Account | None) -> None:
    """Make a cluster that starts as a standby. Its primary is away."""
    fresh_cluster(binaries, data, account)
    signal = data / "standby.signal"
    signal.touch()
    owner = data.stat()
    os.chown(signal, owner.st_uid, owner.st_gid)


@pytest.fixture(scope="module")
def standby(binaries: Binaries) -> Iterator[TemporaryServer]:
    with TemporaryServer(binaries, settings=SETTINGS, fill=_standby) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path, standby: TemporaryServer, connector: Connector) -> Project:
    folder = tmp_path / "migrations"
    folder.mkdir()
    made = Project(folder, Target("standby", standby.dsn()), connector)
    made.table(1)
    made.table(2)
    assert made.sql("SELECT pg_is_in_recovery()") == [(True,)]
    return made


async def test_status_can_be_read(project: Project) -> None:
    assert await project.states() == {"001_make_t1.sql": "pending", "002_make_t2.sql": "pending"}


@pytest.mark.parametrize("batch", [False, True])
async def test_plan_says_so(project: Project, batch: bool) -> None:
    (made,) = events_of_kind(await project.apply(plan_only=True, batch=batch), PlanMade)
    assert any(
        note.startswith(WORDS) and "Point the target at the primary" in note for note in made.plan.notes
    )


@pytest.mark.parametrize("options", [{}, {"batch": True}, {"probe": True}], ids=["apply", "batch", "probe"])
async def test_run_is_refused(project: Project, options: dict[str, bool]) -> None:
    end = run_finished(await project.apply(**options))
    assert end.result is RunResult.FAILED
    assert end.failure is not None
    assert (end.failure.message, end.failure.sqlstate) == (f"standby: {WORDS}", "25006")
    assert end.not_run == ("001_make_t1.sql", "002_make_t2.sql")
