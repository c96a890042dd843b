"""Compare a migration file with the text that was applied."""

from collections.abc import Sequence

from koonj.migrations.history_entry import Action, HistoryEntry
from koonj.migrations.migration import Migration
from koonj.migrations.states import State
from koonj.sql.file_hash import file_hash

_ABOUT_CONTENT = frozenset({State.EDITED, State.COSMETIC, State.ROLLBACK_EDITED})


def compare(
    migration: Migration, ran: HistoryEntry, decisions: Sequence[HistoryEntry]
) -> tuple[State, HistoryEntry | None]:
    """Return the state of an applied migration, and the decision that covers it.

    The migration has a file. The file is unchanged if its bytes are those that ran, or those that the user
    later allowed as the ones that ran. A decision covers only the bytes that the file had then: if the file
    is edited again, its state is edited again.
    """
    same = State.ADOPTED if ran.action is Action.ADOPT else State.APPLIED
    if migration.file_hash == ran.file_hash:
        return same, None
    stands_for = [a for a in decisions if a.allowed in _ABOUT_CONTENT]
    decision = next((a for a in reversed(stands_for) if a.file_hash == migration.file_hash), None)
    if decision is not None:
        return same, decision
    return _difference(migration, [ran, *stands_for]), None


def line_ends_note(migration: Migration, ran: HistoryEntry) -> str:
    """Return a note if the file differs from the text that ran only in its line ends; else an empty text."""
    unix = migration.raw.replace(b"\r\n", b"\n")
    if migration.file_hash == ran.file_hash:
        return ""
    if file_hash(unix) == ran.file_hash:
        was, now = "LF", "CRLF"
    elif file_hash(unix.replace(b"\n", b"\r\n")) == ran.file_hash:
        was, now = "CRLF", "LF"
    else:
        return ""
    from koonj.sql.fingerprint import has_line_ends  # noqa: PLC0415 - few states need the parser

    stored = ""
    if has_line_ends(migration.sections.body):
        stored = f", also inside strings or function bodies: the database has {was} there"
    return f"only the line ends changed, from {was} to {now}{stored}"


def _difference(migration: Migration, what_ran: Sequence[HistoryEntry]) -> State:
    """Return how the text differs from every text that counts as the applied one.

    Parses the file.
    """
    prints = migration.fingerprints
    same_statements = [a for a in what_ran if a.statements_hash == prints.statements]
    if not same_statements:
        return State.EDITED
    if all(a.rollback_hash != prints.rollback for a in same_statements):
        return State.ROLLBACK_EDITED
    return State.COSMETIC
