"""Find for each file that is not in the history what a target shows of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from koonj.config import ScratchPlace, Target
from koonj.migrations.folder import Folder
from koonj.migrations.migration import Migration
from koonj.migrations.migration_status import MigrationStatus
from koonj.migrations.state_rules import states
from koonj.migrations.states import State
from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.connector import Connector
from koonj.postgres.untrusted import must_trust
from koonj.runner.adopt.chain_comparison import ChainComparison
from koonj.runner.adopt.plan import AdoptError, AdoptionPlan
from koonj.runner.drift.comparison import not_as_owner
from koonj.runner.drift.comparison_server import comparison_server
from koonj.runner.drift.find import OMITTED_PARTS, read_whole_target
from koonj.runner.drift.read_target import AppliedScript, TargetSnapshot
from koonj.runner.drift.replay import OnProgress, Replay
from koonj.runner.drift.report import DriftError
from koonj.runner.rehearse.events import WaitingForScratch
from koonj.runner.rehearse.rehearsal_wording import other_major
from koonj.runner.run.run import Control

_UNSETTLED = frozenset({State.INTERRUPTED, State.RUNNING, State.DUPLICATE, State.RENAMED})


@dataclass(frozen=True, slots=True)
class PreparedAdoption:
    """A plan, and what it was made from. The target must still be the same when it is carried out."""

    plan: AdoptionPlan
    migrations: tuple[Migration, ...]
    """The files to record, in their order."""
    catalog: Catalog
    """Of the target."""
    created: tuple[Migration, ...] = ()
    """Files that are written before anything is recorded."""


async def find_evidence(
    connector: Connector,
    target: Target,
    folder: Folder,
    place: ScratchPlace,
    control: Control,
    *,
    last: str | None = None,
    major: int | None = None,
    notes: Sequence[str] = (),
    applied: Mapping[str, str] | None = None,
    ignored: frozenset[str] = frozenset(),
    on_progress: OnProgress = lambda _done, _of: None,
    on_waiting: Callable[[WaitingForScratch], None] = lambda _: None,
) -> PreparedAdoption:
    """Run the files on a scratch database, and compare the schema after each with the target's.

    Args:
        connector: connects to the target, which is only read.
        target: where the files are to be recorded as applied.
        folder: the files.
        place: the scratch server.
        control: to cancel it.
        last: name of the last file to adopt; None: the one after which the schema comes closest.
        major: major version of the PostgreSQL to run the files on; None: the target's, if it is installed.
        notes: the first notes of the plan.
        applied: what another tool's history says about each file that it has as applied, by name: these files
            are adopted, and no others. None: there is no such history.
        ignored: tables that are not compared, with their schemas.
        on_progress: called with how many files have run, and how many there are.
        on_waiting: called while another koonj process uses the scratch server.

    Raises: AdoptError, DriftError, ConnectError, HistoryError, ScratchError, UntrustedError (all are a
        TargetError); Cancelled.
    """
    must_trust(place, "An adoption runs the migrations on this machine")
    snapshot = await control.unless_cancelled(
        read_whole_target(connector, target, folder, name="koonj adopt")
    )
    wanted = _not_recorded(target, folder, snapshot, last)
    left: tuple[Migration, ...] = ()
    if applied is not None:
        left = tuple(m for m in wanted if m.name not in applied)
        wanted = tuple(m for m in wanted if m.name in applied)
        last = wanted[-1].name if wanted else None
    role = snapshot.roles.acting
    settings = snapshot.roles.settings_of(role)
    scripts = (*snapshot.scripts, *(AppliedScript(m, role, settings) for m in wanted))
    comparison, done = ChainComparison(snapshot.catalog, ignored, last), 0
    all_notes = [*notes, *snapshot.notes]
    async with comparison_server(snapshot, scripts, place, control, major, on_waiting) as server:
        replay = Replay(server, control, scripts, snapshot.roles, snapshot.server.database, on_progress)
        try:
            async with aclosing(replay.catalogs()) as catalogs:
                async for catalog in catalogs:
                    at = done - len(snapshot.scripts)
                    if at >= 0:
                        migration = wanted[at - 1] if at else None
                        await asyncio.to_thread(
                            comparison.add, migration, catalog, with_owners=not replay.refused
                        )
                    done += 1
        except DriftError as error:
            if last is not None or not comparison.steps:
                raise
            all_notes.append(f"The files after it were not compared: {error.message}")
        if replay.refused:
            all_notes.append(not_as_owner(replay.refused))
        all_notes += server.notes
        all_notes += other_major(target.name, snapshot.catalog.major, server.major, OMITTED_PARTS)
        scratch = server.source
    files = comparison.files((*wanted[len(comparison.steps) - 1 :], *left))
    files = tuple(replace(file, history=(applied or {}).get(file.name, "")) for file in files)
    plan = AdoptionPlan(
        target=target.name,
        server=f"PostgreSQL {snapshot.server.version}",
        scratch=scratch,
        files=files,
        last=comparison.last,
        is_equal=comparison.is_equal,
        others=comparison.others(),
        candidates=() if comparison.is_equal else comparison.candidates(),
        recorded=len(snapshot.scripts),
        objects=comparison.objects,
        notes=tuple(all_notes),
        at=snapshot.at,
    )
    adopted = {file.name for file in plan.adopted}
    return PreparedAdoption(plan, tuple(m for m in wanted if m.name in adopted), snapshot.catalog)


def _not_recorded(
    target: Target, folder: Folder, snapshot: TargetSnapshot, last: str | None
) -> tuple[Migration, ...]:
    """Return the files that the history does not have as applied, up to the one named `last`.

    Raises: AdoptError if there is none, or if one of them has to be decided about first.
    """
    statuses = _up_to(states(folder, snapshot.entries), last)
    for status in statuses:
        if status.state in _UNSETTLED:
            note = f" ({status.note})" if status.note else ""
            raise AdoptError(
                f"{status.name} is {status.state.value.replace('_', ' ')}{note}, so it cannot be adopted.",
                f"To see what can be done, run: koonj status{target.option}",
            )
    wanted = tuple(s.migration for s in statuses if not s.applied and s.migration is not None)
    if last is not None and last not in {m.name for m in wanted}:
        raise AdoptError(
            f"{last} is recorded as applied already.",
            f"To list the migrations, run: koonj status{target.option}",
        )
    if not wanted:
        applied = sum(status.applied for status in statuses)
        what = "the folder has no migration" if not applied else "the history has all files as applied"
        raise AdoptError(f"Nothing to adopt: {what}.", "")
    return wanted


def _up_to(statuses: Sequence[MigrationStatus], last: str | None) -> Sequence[MigrationStatus]:
    names = [status.name for status in statuses]
    return statuses if last is None else statuses[: names.index(last) + 1]
