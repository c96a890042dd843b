"""Where a migration stands on a target: its entries, folded in the order in which they were recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from koonj.migrations.act import Action, HistoryEntry, Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """What the entries since the last one that was carried through add up to."""

    ran: HistoryEntry | None = None
    """The apply or adopt that put the body into the database; None where it is not there."""
    undone: HistoryEntry | None = None
    """The rollback that took it out again."""
    attempts: tuple[HistoryEntry, ...] = ()
    """Applies and rollbacks since then that failed, or whose end is not recorded."""
    decisions: tuple[HistoryEntry, ...] = ()
    """A person's decisions since then."""

    @property
    def applied(self) -> bool:
        """Whether the body is in the database (all of it, but for a rollback that stopped half way)."""
        return self.ran is not None

    @property
    def through(self) -> HistoryEntry | None:
        """The last entry that was carried through."""
        return self.ran or self.undone

    def after(self, entry: HistoryEntry) -> "Standing":
        """The standing with one more entry."""
        match entry.action, entry.outcome:
            case ((Action.APPLY | Action.ADOPT), Outcome.DONE):
                return Standing(ran=entry)
            case Action.ROLLBACK, Outcome.DONE:
                return Standing(undone=entry)
            case ((Action.APPLY | Action.ROLLBACK), _):
                return replace(self, attempts=(*self.attempts, entry))
            case Action.ALLOW, Outcome.DONE:
                return replace(self, decisions=(*self.decisions, entry))
            case _:  # an adopt or allow that did not come to be changes nothing
                return self

    def decision_on(self, state: str, since: HistoryEntry | None) -> HistoryEntry | None:
        """The last decision about a state; one older than the entry `since` was about something else."""
        after = 0 if since is None else since.id
        return next((a for a in reversed(self.decisions) if a.allowed == state and a.id > after), None)


_NEVER = Standing()


def standings(entries: Iterable[HistoryEntry]) -> dict[str, Standing]:
    """By file name."""
    found: dict[str, Standing] = {}
    for entry in sorted(entries, key=lambda a: a.id):
        found[entry.name] = found.get(entry.name, _NEVER).after(entry)
    return found
