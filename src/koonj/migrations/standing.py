"""Compute what the history entries of one migration add up to."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from koonj.migrations.act import Act, Action, Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """Sum of the history entries of one migration since its last completed one."""

    ran: Act | None = None
    """Apply or adopt that put the body into the database; None if the body is not there."""
    undone: Act | None = None
    """Rollback that removed the body again."""
    attempts: tuple[Act, ...] = ()
    """Later applies and rollbacks that failed, or that have no recorded end."""
    accepts: tuple[Act, ...] = ()
    """Later decisions of the user."""

    @property
    def applied(self) -> bool:
        """Whether the body is in the database. Also true after a half-done rollback."""
        return self.ran is not None

    @property
    def through(self) -> Act | None:
        """Return the last completed apply, adopt or rollback."""
        return self.ran or self.undone

    def after(self, act: Act) -> "Standing":
        """Return the standing after one more history entry."""
        match act.action, act.outcome:
            case ((Action.APPLY | Action.ADOPT), Outcome.DONE):
                return Standing(ran=act)
            case Action.ROLLBACK, Outcome.DONE:
                return Standing(undone=act)
            case ((Action.APPLY | Action.ROLLBACK), _):
                return replace(self, attempts=(*self.attempts, act))
            case Action.ACCEPT, Outcome.DONE:
                return replace(self, accepts=(*self.accepts, act))
            case _:  # an adopt or accept that was not completed changes nothing
                return self

    def accept_of(self, state: str, since: Act | None) -> Act | None:
        """Return the last decision about a state that is newer than the entry `since`.

        An older decision was about an earlier occurrence of the state.
        """
        after = 0 if since is None else since.id
        return next((a for a in reversed(self.accepts) if a.accepted == state and a.id > after), None)


_NEVER = Standing()


def standings(acts: Iterable[Act]) -> dict[str, Standing]:
    """Return the standing of each migration, keyed by file name."""
    found: dict[str, Standing] = {}
    for act in sorted(acts, key=lambda a: a.id):
        found[act.name] = found.get(act.name, _NEVER).after(act)
    return found
