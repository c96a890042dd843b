"""A person's decision, as a history row with its reason."""

from __future__ import annotations

from time import time

from koonj import __version__
from koonj.migrations.act import Action, Outcome
from koonj.migrations.state import Entry
from koonj.postgres import history
from koonj.postgres.history import Record
from koonj.runner.events import Accepted
from koonj.runner.session import Session


async def accept(session: Session, entry: Entry, reason: str) -> Accepted:
    """Write that a state was seen and is passed: of the file as it is now, or, if it is gone, as recorded."""
    script, hashes = "", ("", "", "")
    if entry.migration is not None:
        prints = entry.migration.fingerprints
        script, hashes = entry.migration.text, (prints.file, prints.statements, prints.rollback)
    elif entry.act is not None:
        hashes = (entry.act.file_hash, entry.act.statements_hash, entry.act.rollback_hash)
    row = Record(
        name=entry.name,
        action=Action.ACCEPT,
        outcome=Outcome.DONE,
        script=script,
        file_hash=hashes[0],
        statements_hash=hashes[1],
        rollback_hash=hashes[2],
        statements_done=0,
        statements_total=0,
        started=time(),
        os_user=session.os_user,
        host=session.host,
        version=__version__,
        run_id=session.control.run_id,
        reason=reason,
        accepted=entry.state.value,
    )
    await history.insert(session.conn, row)
    return Accepted(entry.name, entry.state.value, reason)
