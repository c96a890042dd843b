"""Check that no target has applied a migration whose comments are about to change."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from koonj.config import Target
from koonj.migrations.folder import Folder
from koonj.postgres.connector import Connector
from koonj.runner.target.all_targets import read_statuses
from koonj.runner.target.renumbering import RunInProgressError, UnreadTargetsError, UsedError


async def must_be_unapplied(
    connector: Connector,
    targets: Sequence[Target],
    folder: Folder,
    name: str,
    *,
    skipped: Collection[str] = (),
) -> tuple[str, ...]:
    """Return the targets that have not applied the migration: all that are not in `skipped`.

    One that failed or was interrupted is not applied: the next apply reads its settings.

    Raises: RenameError.
    """
    asked = await read_statuses(connector, targets, folder)
    known = [target for target in asked if target.is_known]
    applied = [
        f"{name} is applied on {target.target}."
        for target in known
        for status in target.migrations
        if status.name == name and status.applied
    ]
    if applied:
        raise UsedError("\n".join(applied), "koonj does not change the text of an applied file.")
    running = [target.target for target in known if target.running is not None]
    if running:
        raise RunInProgressError(
            f"A run is in progress on {', '.join(running)}. It has read the files already.",
            "Wait until it has finished, then run the command again.",
        )
    unread = [target for target in asked if not target.is_known and target.target not in skipped]
    if unread:
        raise UnreadTargetsError(unread)
    return tuple(target.target for target in known)
