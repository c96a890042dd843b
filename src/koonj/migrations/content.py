"""Whether a file is still what ran."""

from collections.abc import Sequence

from koonj.migrations.act import Act, Action
from koonj.migrations.glyphs import State
from koonj.migrations.migration import Migration

_ABOUT_CONTENT = frozenset({State.EDITED, State.COSMETIC, State.ROLLBACK_EDITED})


def compare(migration: Migration, ran: Act, accepts: Sequence[Act]) -> tuple[State, Act | None]:
    """The state of an applied migration whose file is there, and the decision that covers it.

    A file is what ran if its bytes are those of the act, or those that a person accepted later as what ran.
    An edit after an accept is an edit again: the accept was of other bytes.
    """
    same = State.ADOPTED if ran.action is Action.ADOPT else State.APPLIED
    if migration.file_hash == ran.file_hash:
        return same, None
    stands_for = [a for a in accepts if a.accepted in _ABOUT_CONTENT]
    accept = next((a for a in reversed(stands_for) if a.file_hash == migration.file_hash), None)
    if accept is not None:
        return same, accept
    return _difference(migration, [ran, *stands_for]), None


def _difference(migration: Migration, what_ran: Sequence[Act]) -> State:
    """How the text differs from every text that counts as what ran. Parses the file."""
    prints = migration.fingerprints
    same_statements = [a for a in what_ran if a.statements_hash == prints.statements]
    if not same_statements:
        return State.EDITED
    if all(a.rollback_hash != prints.rollback for a in same_statements):
        return State.ROLLBACK_EDITED
    return State.COSMETIC
