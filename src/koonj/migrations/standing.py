"""Where a migration stands on a target: its acts, folded in the order in which they were recorded."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from koonj.migrations.act import Act, Action, Outcome


@dataclass(frozen=True, slots=True)
class Standing:
    """What the acts since the last one that was carried through add up to."""

    ran: Act | None = None
    """The apply or adopt that put the body into the database; None where it is not there."""
    undone: Act | None = None
    """The rollback that took it out again."""
    attempts: tuple[Act, ...] = ()
    """Applies and rollbacks since then that failed, or whose end is not recorded."""
    accepts: tuple[Act, ...] = ()
    """A person's decisions since then."""

    @property
    def applied(self) -> bool:
        """Whether the body is in the database (all of it, but for a rollback that stopped half way)."""
        return self.ran is not None

    @property
    def through(self) -> Act | None:
        """The last act that was carried through."""
        return self.ran or self.undone

    def after(self, act: Act) -> "Standing":
        """The standing with one more act."""
        match act.action, act.outcome:
            case ((Action.APPLY | Action.ADOPT), Outcome.DONE):
                return Standing(ran=act)
            case Action.ROLLBACK, Outcome.DONE:
                return Standing(undone=act)
            case ((Action.APPLY | Action.ROLLBACK), _):
                return replace(self, attempts=(*self.attempts, act))
            case Action.ACCEPT, Outcome.DONE:
                return replace(self, accepts=(*self.accepts, act))
            case _:  # an adopt or accept that did not come to be changes nothing
                return self

    def accept_of(self, state: str, since: Act | None) -> Act | None:
        """The last decision about a state; one older than the act `since` was about something else."""
        after = 0 if since is None else since.id
        return next((a for a in reversed(self.accepts) if a.accepted == state and a.id > after), None)


_NEVER = Standing()


def standings(acts: Iterable[Act]) -> dict[str, Standing]:
    """By file name."""
    found: dict[str, Standing] = {}
    for act in sorted(acts, key=lambda a: a.id):
        found[act.name] = found.get(act.name, _NEVER).after(act)
    return found
