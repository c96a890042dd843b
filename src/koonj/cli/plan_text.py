"""A plan in lines."""

from collections.abc import Iterator

from koonj.humanize import count, plural
from koonj.runner.impact.plan_wording import ESTIMATED, has_sizes, verdict_words
from koonj.runner.run.events import Direction, Plan, PlannedMigration, PlannedStatement
from koonj.sql.display import spaced

MANY = 20
"""More statements than this are counted and not listed, unless asked for."""


def plan_lines(plan: Plan, *, verbose: bool) -> Iterator[str]:
    """Target and server, each migration with its statements, then what else there is to know.

    What stops the run is not among them: it is an error, and goes where errors go.
    """
    guard = ", protected" if plan.protected else ""
    yield f"target {plan.target}{guard}: {plan.server}"
    yield f"plan: {_what(plan)}"
    for migration in plan.migrations:
        yield from _migration(migration, verbose=verbose)
    if has_sizes(plan):
        yield ESTIMATED
    for allowed in plan.allowed:
        yield f"allowed, and recorded with its reason: {spaced(allowed.state)}: {allowed.message}"
    for note in plan.notes:
        yield f"note: {note}"


def _what(plan: Plan) -> str:
    if not plan.migrations:
        return "no migration"
    verb = "apply" if plan.direction is Direction.APPLY else "roll back"
    return f"{verb} {count(len(plan.migrations), 'migration')}, {count(plan.statements, 'statement')}"


def _migration(migration: PlannedMigration, *, verbose: bool) -> Iterator[str]:
    verb = "apply" if migration.direction is Direction.APPLY else "roll back"
    yield f"{verb} {migration.name}"
    yield f"  {migration.explanation}; lock_timeout {migration.lock_timeout}"
    if verdict := verdict_words(migration):
        yield f"  {verdict}"
    if migration.from_history:
        yield "  The file is gone: this is the text that history recorded."
    if migration.statements_done:
        stays = plural(migration.statements_done, "stays done and is", "stay done and are")
        yield f"  {count(migration.statements_done, 'statement')} of an earlier run {stays} passed over."
    statements = migration.statements[migration.statements_done :]
    shown = statements if verbose or len(statements) <= MANY else statements[:MANY]
    for one in shown:
        yield from _statement(one)
    if len(shown) < len(statements):
        yield f"  and {count(len(statements) - len(shown), 'more statement')}; --verbose shows all"


def _statement(one: PlannedStatement) -> Iterator[str]:
    outside = "" if one.in_transaction else " (outside a transaction)"
    yield f"  {one.index}. line {one.line}: {one.summary}{outside}"
    for lock in one.locks or ():
        yield f"     {lock.effect}"
        if lock.activity:
            yield f"       {lock.activity}"
