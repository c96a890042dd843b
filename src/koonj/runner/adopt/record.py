"""Record an adoption in the history of a target: all files in one transaction, under the koonj lock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from koonj import __version__
from koonj.config import Target
from koonj.migrations.folder import FolderReader
from koonj.migrations.history_entry import Action, Outcome
from koonj.migrations.migration import Migration
from koonj.migrations.state_rules import states
from koonj.postgres import advisory_lock, history
from koonj.postgres.advisory_lock import holder_words
from koonj.postgres.catalog.read import read_target_catalog
from koonj.postgres.connector import Connector
from koonj.postgres.encoding import storable
from koonj.postgres.history_inspection import Inspection
from koonj.postgres.new_history_entry import NewHistoryEntry
from koonj.postgres.overview import overview
from koonj.postgres.pooler import must_keep_session
from koonj.postgres.privileges import must_be_able_to_write
from koonj.postgres.read_transaction import REPEATABLE_READ, read_transaction
from koonj.postgres.run_name import session_name
from koonj.postgres.session import clean, leave, own_transaction
from koonj.postgres.target_identity import must_be_same_database
from koonj.runner.adopt.find import PreparedAdoption
from koonj.runner.adopt.plan import AdoptError
from koonj.runner.adopt.wording import recorded_words
from koonj.runner.apply.context import RunContext, open_session
from koonj.runner.plan.work import make_work
from koonj.runner.run.direction import Direction
from koonj.runner.run.run import Control

_AGAIN = "Run the command again to see the new plan."


class LockedError(AdoptError):
    """Raised if a run is in progress."""


async def record_adoption(
    connector: Connector,
    target: Target,
    reader: FolderReader,
    prepared: PreparedAdoption,
    control: Control,
    *,
    reason: str | None = None,
) -> tuple[str, ...]:
    """Record the files of a plan as applied, if nothing has changed since it was made. Return their names.

    Raises: AdoptError, ConnectError, HistoryError, FolderError, psycopg.Error; Cancelled.
    """
    conn = await control.unless_cancelled(connector.connect(target, name=session_name(control.run_id)))
    async with conn:
        async with overview(conn, target) as seen:
            pass
        await must_be_same_database(target, seen.server)
        pooled = await must_keep_session(connector, target, conn, seen.pid)
        must_be_able_to_write(seen.conditions, seen.server)
        control.working_on(conn)
        try:
            return await _record(open_session(connector, target, conn, control), reader, prepared, reason)
        finally:
            control.working_on(None)
            if pooled:
                await leave(conn)


async def _record(
    session: RunContext, reader: FolderReader, prepared: PreparedAdoption, reason: str | None
) -> tuple[str, ...]:
    conn, target = session.conn, session.target
    if not await advisory_lock.try_lock(conn):
        holder = await advisory_lock.holder(conn)
        raise LockedError(
            f"{holder_words(holder)} holds the koonj lock: a run is in progress. Nothing was recorded.",
            "Retry when that run has finished.",
        )
    session = replace(session, server=await clean(conn, target))
    migrations = prepared.migrations
    found = await _must_be_unchanged(session, reader, prepared)
    session.control.check()
    await history.ensure(conn, found)
    evidence = {file.name: file for file in prepared.plan.files}
    async with own_transaction(conn, target):
        for migration in migrations:
            words = recorded_words(prepared.plan, evidence[migration.name], reason)
            entry = _entry(session, migration, await storable(conn, words))
            await history.insert(conn, entry)
    await advisory_lock.unlock(conn)
    return tuple(migration.name for migration in migrations)


async def _must_be_unchanged(
    session: RunContext, reader: FolderReader, prepared: PreparedAdoption
) -> Inspection:
    """Check that files, history and schema are those of the plan. Return what is known of the history.

    Raises: AdoptError.
    """
    conn, target, folder = session.conn, session.target, reader.read()
    async with overview(conn, target) as seen:
        entries = await history.read_entries(conn, seen.history, end=True)
    _must_be_same_files(target, folder.migrations, prepared.migrations)
    applied = {status.name for status in states(folder, entries) if status.applied}
    if taken := [m.name for m in prepared.migrations if m.name in applied]:
        raise AdoptError(f"{', '.join(taken)} was recorded in the meantime. Nothing was recorded.", _AGAIN)
    async with read_transaction(conn, target, REPEATABLE_READ):
        catalog = await read_target_catalog(conn, target)
    if catalog.objects != prepared.catalog.objects:
        raise AdoptError(
            f"The schema of {target.name} has changed since the plan was made. Nothing was recorded.", _AGAIN
        )
    return seen.history


def _must_be_same_files(target: Target, now: Sequence[Migration], then: Sequence[Migration]) -> None:
    hashes = {migration.name: migration.file_hash for migration in now}
    changed = [m.name for m in then if hashes.get(m.name) != m.file_hash]
    if changed:
        raise AdoptError(
            f"{', '.join(changed)} changed since the plan was made. Nothing was recorded on {target.name}.",
            _AGAIN,
        )


def _entry(session: RunContext, migration: Migration, evidence: str) -> NewHistoryEntry:
    prints = migration.fingerprints
    total = make_work(migration, Direction.APPLY, lock_timeout=session.target.lock_timeout).total
    return NewHistoryEntry(
        name=migration.name,
        action=Action.ADOPT,
        outcome=Outcome.DONE,
        script=migration.text,
        file_hash=prints.file,
        statements_hash=prints.statements,
        rollback_hash=prints.rollback,
        statements_done=total,
        statements_total=total,
        os_user=session.os_user,
        host=session.host,
        version=__version__,
        run_id=session.control.run_id,
        reason=evidence,
    )
