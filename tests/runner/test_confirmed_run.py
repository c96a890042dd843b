"""A confirmed run arrives in another process as it was."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from koonj.config import Password, ScratchPlace, Target
from koonj.migrations.folder import FolderReader
from koonj.postgres.activity import RelationFacts
from koonj.postgres.connector import Connector
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.postgres.server_info import ServerInfo
from koonj.runner.confirmed_run import lines_of, movable_run, read_confirmed
from koonj.runner.evidence.statement_evidence import Effect, StatementEvidence
from koonj.runner.impact.measurement import ImpactMeasurement
from koonj.runner.plan.planner import ShownPlan
from koonj.runner.preparation import Confirmation, Job
from koonj.runner.run.direction import Direction
from koonj.runner.run.events import RunStarted
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement
from koonj.runner.run.request import AllowedConflict, Extent, Request
from koonj.runner.settle import ConfirmedSettlement, Settlement, ShownInterruption
from koonj.sql.transactions import Mode
from support.recorded_rehearsals import VERIFIED, rehearsal

PASSWORD = Password("command", "pass show db")
REQUEST = Request(
    Direction.APPLY,
    Extent.UP_TO,
    number=7,
    allow=frozenset({"late", "edited"}),
    reason="agreed",
    allowed=(AllowedConflict("002_b.sql", "missing", "it is in the archive"),),
    wait=None,
    override="urgent",
    measure=True,
)


def planned_migration(number: int, statements: int = 2) -> PlannedMigration:
    lock = PlannedLock(
        "public.a", "table", "SHARE", rewrites=False, scans=True, bytes=8192, rows=3, impact=2, effect="é"
    )
    return PlannedMigration(
        f"{number:03d}_a.sql",
        Direction.APPLY,
        in_transaction=True,
        mode=Mode.ONE_TRANSACTION,
        explanation="one transaction",
        statements=tuple(
            PlannedStatement(n, n, "create table a", in_transaction=True, locks=(lock,) if n == 1 else None)
            for n in range(1, statements + 1)
        ),
    )


@pytest.fixture
def confirmation(tmp_path: Path) -> Confirmation:
    target = Target("production", "host=db", protected=True, password=PASSWORD, require_verified=True)
    place = ScratchPlace("host=scratch", PASSWORD, trusted=False)
    job = Job(Connector(), target, FolderReader(tmp_path), REQUEST, place)
    made = Confirmation(job, "3f2a91c4")
    migrations = (planned_migration(1), planned_migration(2, statements=20_000))
    plan = Plan("production", Direction.APPLY, protected=True, server="PostgreSQL", migrations=migrations)
    made.shown = ShownPlan(
        plan,
        frozenset({("001_a.sql", "hash", 2)}),
        frozenset({("001_a.sql", "late"), ("002_b.sql", "edited")}),
    )
    made.measurement = ImpactMeasurement(
        *(job.connector, place, job.reader, target, REQUEST),
        ServerInfo("18.6", 18, "app", "dev", "db", 0.001),
        rehearsals={one.name: one for one in (VERIFIED, rehearsal("003_c.sql"))},
        facts={"public.a": RelationFacts("public.a", "table", bytes=8192, rows=3)},
        notes=("not rehearsed",),
        reason="no scratch server",
    )
    return made


def test_everything_arrives(confirmation: Confirmation) -> None:
    read, _ = read_confirmed(iter([*lines_of(confirmation, {})])) or (None, None)
    assert isinstance(read, Confirmation)
    assert (read.run_id, read.shown, read.reached) == (confirmation.run_id, confirmation.shown, None)
    one, other = read.job, confirmation.job
    assert (one.target, one.request, one.place) == (other.target, other.request, other.place)
    assert one.reader.path == other.reader.path
    measured, before = read.measurement, confirmation.measurement
    for name in ("target", "request", "place", "server", "rehearsals", "facts", "notes", "reason"):
        assert getattr(measured, name) == getattr(before, name), name


def test_environment_arrives_without_what_the_process_has_already(
    confirmation: Confirmation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "before")
    first, *_ = lines_of(confirmation, {"PGPASSWORD": "hunter2", "PATH": "/nowhere"})
    environ: Mapping[str, str] = json.loads(first)["environ"]
    assert environ == {"PGPASSWORD": "hunter2"}
    read_confirmed(iter([*lines_of(confirmation, {"PGPASSWORD": "hunter2", "PATH": "/nowhere"})]))
    assert os.environ["PGPASSWORD"] == "hunter2"
    assert os.environ["PATH"] != "/nowhere"


def test_password_of_the_target_arrives(confirmation: Confirmation) -> None:
    kept = KeptPasswords()
    kept.add_plain(PASSWORD, ("battery-staple", time.time() + 60, True))
    read = read_confirmed(iter([*lines_of(confirmation, {}, kept)]))
    assert read is not None
    assert read[1].get_blocking(PASSWORD).text == "battery-staple"
    read = read_confirmed(iter([*lines_of(confirmation, {}, KeptPasswords())]))
    assert read is not None
    assert read[1].to_plain(PASSWORD) == []


def test_lines_that_are_not_complete_confirm_nothing(confirmation: Confirmation) -> None:
    lines = [*lines_of(confirmation, {})]
    for number in range(len(lines)):
        assert read_confirmed(iter(lines[:number])) is None
    assert read_confirmed(iter([*lines[:-1], lines[-1].rstrip()])) is None


def test_no_part_is_long_for_the_encoder(confirmation: Confirmation, monkeypatch: pytest.MonkeyPatch) -> None:
    """While json.dumps works, no other thread of the screen does."""
    lengths, dumps = [], json.dumps

    def measured(value: object) -> str:
        text = dumps(value)
        lengths.append(len(text))
        return text

    monkeypatch.setattr(json, "dumps", measured)
    written = b"".join(lines_of(confirmation, {}))
    assert len(written) > 1_000_000
    assert max(lengths) < 5_000


def test_decision_about_an_interruption_arrives(tmp_path: Path) -> None:
    shown = ShownInterruption(7, 3, StatementEvidence(Effect.HALF, "left", ("DROP INDEX a",), is_own=True))
    target = Target("production", "host=db", protected=True, password=PASSWORD)
    settlement = Settlement(done=3, reason="checked")
    decided = ConfirmedSettlement(
        "3f2a91c4", target, str(tmp_path), "017_a.sql", Direction.ROLLBACK, settlement, shown
    )
    lines = [*lines_of(decided, {})]
    read, passwords = read_confirmed(iter(lines)) or (None, None)
    assert read == decided
    assert read_confirmed(iter(lines[:-1])) is None
    run = movable_run(decided, passwords)
    assert run.passwords is passwords is not None
    assert isinstance(run.started, RunStarted)
    assert (run.started.settles, run.shown, run.folder) == ("017_a.sql", (), tmp_path)
