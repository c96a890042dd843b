"""Compute what the history entries of one migration add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from koonj.migrations.history_entry import Action, HistoryEntry, Outcome


@dataclass(frozen=True, slots=True)
class HistorySummary:
    """Sum of the history entries of one migration since its last completed one."""

    ran: HistoryEntry | None = None
    """Apply or adopt that put the body into the database; None if the body is not there."""
    undone: HistoryEntry | None = None
    """Rollback that removed the body again."""
    attempts: tuple[HistoryEntry, ...] = ()
    """Later applies and rollbacks that failed, or that have no recorded end."""
    decisions: tuple[HistoryEntry, ...] = ()
    """Later decisions of the user."""

    @property
    def applied(self) -> bool:
        """Whether the body is in the database. Also true after a half-done rollback."""
        return self.ran is not None

    @property
    def through(self) -> HistoryEntry | None:
        """Return the last completed apply, adopt or rollback."""
        return self.ran or self.undone

    def with_entry(self, entry: HistoryEntry) -> "HistorySummary":
        """Return the summary after one more history entry."""
        match entry.action, entry.outcome:
            case ((Action.APPLY | Action.ADOPT), Outcome.DONE):
                return HistorySummary(ran=entry)
            case Action.ROLLBACK, Outcome.DONE:
                return HistorySummary(undone=entry)
            case ((Action.APPLY | Action.ROLLBACK), _):
                return replace(self, attempts=(*self.attempts, entry))
            case Action.ALLOW, Outcome.DONE:
                return replace(self, decisions=(*self.decisions, entry))
            case _:  # an adopt or allow that was not completed changes nothing
                return self

    def decision_on(self, state: str, since: HistoryEntry | None) -> HistoryEntry | None:
        """Return the last decision about a state that is newer than the entry `since`.

        An older decision was about an earlier occurrence of the state.
        """
        after = 0 if since is None else since.id
        return next((a for a in reversed(self.decisions) if a.allowed == state and a.id > after), None)


_NEVER = HistorySummary()


def summaries(entries: Iterable[HistoryEntry]) -> dict[str, HistorySummary]:
    """Return the summary of each migration, keyed by file name; of a renamed one, by its new name."""
    found: dict[str, HistorySummary] = {}
    for entry in sorted(entries, key=lambda a: a.id):
        if entry.renamed_from in found and not found.get(entry.name, _NEVER).applied:
            found[entry.name] = found.pop(entry.renamed_from)
        found[entry.name] = found.get(entry.name, _NEVER).with_entry(entry)
    return found
