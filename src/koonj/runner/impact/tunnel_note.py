"""What a plan says about a long run whose connection depends on this machine: it goes through a tunnel."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote

from koonj.config import Target
from koonj.humanize import byte_words
from koonj.postgres.connection_string import safe_dsn
from koonj.runner.apply.failure import COMMANDS
from koonj.runner.run.planned import PlannedMigration
from koonj.runner.run.request import Extent, Request

LARGE = 1 << 30
"""Bytes of a table from which on a statement that reads or writes all of it takes long."""


def tunnel_note(
    migrations: Sequence[PlannedMigration], request: Request, target: Target, folder: Path
) -> str | None:
    """Return the note; None if the run is not long, or does not go through a tunnel."""
    if target.ssh is None or request.probe:
        return None
    largest = max(map(_longest, migrations), default=0)
    if largest < LARGE:
        return None
    host, command = target.ssh.host, _command(request, target, folder)
    return (
        f"The run goes through {host} by ssh, and reads or writes a whole table of {byte_words(largest)}. "
        "If this machine sleeps or loses its network, the run ends in the middle. To run it on "
        f"{host} instead, copy the migrations to it, log in ({target.ssh.command}) and run: {command}"
    )


def _longest(migration: PlannedMigration) -> int:
    left = migration.statements[migration.statements_done :]
    locks = (lock for statement in left for lock in statement.locks or ())
    return max((lock.bytes or 0 for lock in locks if lock.scans or lock.rewrites), default=0)


def _command(request: Request, target: Target, folder: Path) -> str:
    """Return the command for the bastion, where the dsn leads to the target directly."""
    extent = {Extent.ALL: " --all", Extent.UP_TO: f" {request.number}", Extent.NEXT: ""}[request.extent]
    batch = " --batch" if request.batch else ""
    where = f" --migrations {quote(folder.name)} --dsn {quote(safe_dsn(target))}"
    return f"{COMMANDS[request.direction]}{extent}{batch}{where}"
