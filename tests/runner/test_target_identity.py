"""Every change of a target that is another database than before is refused before it changes anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from koonj import pinned_targets
from koonj.config import ScratchPlace, Target
from koonj.pinned_targets import DatabaseIdentity
from koonj.postgres.blocking_sessions import Ending
from koonj.postgres.connector import Connector
from koonj.postgres.server_process import ServerProcess
from koonj.postgres.target_identity import IdentityError
from koonj.runner.apply.unblock import unblock
from koonj.runner.preparation import Job
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import Event, MigrationStarted, RunResult
from koonj.runner.run.request import Extent, Request
from koonj.runner.run.unblock_request import UnblockRequest
from koonj.runner.settle import Settlement, settle
from koonj.runner.start import Preparation, carry_out
from support.project import Project, run_finished

ELSEWHERE = DatabaseIdentity("1", 1, None, "elsewhere")
WORDS = "is another database than before. On "


@pytest.fixture
def pinned(project: Project, home: Path) -> Project:
    """A project whose target is declared in a koonj.toml."""
    project.target = replace(project.target, project=str(project.path))
    return project


def move(project: Project) -> None:
    """Let the target be another database from now on."""
    target = project.target
    pinned_targets.pin(target.project, target.name, ELSEWHERE, "db:5432")


async def test_settle_is_refused(pinned: Project) -> None:
    pinned.table(1)
    await pinned.apply()
    move(pinned)
    with pytest.raises(IdentityError, match=WORDS):
        await settle(
            pinned.connector, pinned.target, pinned.reader.read(), "001_make_t1.sql", Settlement(again=1)
        )


async def test_unblock_is_refused(pinned: Project) -> None:
    move(pinned)
    [(pid,)] = pinned.sql("SELECT pg_backend_pid()")
    request = UnblockRequest(ServerProcess(pid, 1), Ending.END, "why", "dev1", f"pid {pid}")
    with pytest.raises(IdentityError, match=WORDS):
        await unblock(pinned.connector, pinned.target, request, "run")
    assert pinned.sql("SELECT FROM pg_namespace WHERE nspname = 'koonj'") == []


async def test_run_that_is_lost_and_finds_another_database_records_nothing_there(
    pinned: Project, no_watch: None
) -> None:
    """A run that connects again after a lost line does not write into the wrong history."""
    pinned.write(
        "001_a.sql",
        "BEGIN;\nCREATE TABLE a (id int);\nCOMMIT;\nSELECT pg_terminate_backend(pg_backend_pid());\n",
    )
    events: list[Event] = []
    async for event in pinned.start(Direction.APPLY, extent=Extent.ALL).events():
        events.append(event)
        if isinstance(event, MigrationStarted):
            move(pinned)
    end = run_finished(events)
    assert end.result is RunResult.FAILED
    assert WORDS in str(end), end
    [entry] = await pinned.entries()
    assert entry.finished is None


async def test_identity_of_a_change_after_the_plan_decides(
    pinned: Project, make_database: Callable[[], str], connector: Connector
) -> None:
    """The plan was made and confirmed; the process that carries it out reaches another database."""
    pinned.table(1)
    job = Job(
        connector, pinned.target, pinned.reader, Request(Direction.APPLY, assume_yes=True), ScratchPlace()
    )
    preparation = Preparation(job)
    async for _ in preparation.run.events():
        pass
    confirmation = preparation.confirmation
    assert confirmation is not None
    confirmation.reached = None  # as in another process
    confirmation.job = replace(job, target=replace(pinned.target, dsn=make_database()))
    async with Connector() as other:
        events = [event async for event in carry_out(confirmation, other).events()]
    end = run_finished(events)
    assert end.result is RunResult.FAILED
    assert WORDS in str(end)


async def test_target_without_a_koonj_toml_is_not_pinned(project: Project, home: Path) -> None:
    assert project.target == Target("local", project.target.dsn)
    await project.apply()
    assert not list(home.rglob("pinned.json"))
