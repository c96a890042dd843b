"""Format a plan as lines of text."""

from collections.abc import Iterator

from koonj.humanize import count
from koonj.runner.impact.plan_wording import ESTIMATED, has_sizes, lock_limits, verdict_words
from koonj.runner.preflight.wording import asked_at, passing, place, told
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedMigration, PlannedStatement

MANY = 20
"""Statements listed per migration; without --verbose, others are only counted."""


def plan_lines(plan: Plan, *, verbose: bool) -> Iterator[str]:
    """Yield target, server and each migration with statements, decisions and notes.

    Conflicts are not among them: they are errors and go to stderr.
    """
    guard = ", protected" if plan.protected else ""
    yield f"target {plan.target}{guard}: {plan.server}"
    yield f"plan: {_summary(plan)}"
    for migration in plan.migrations:
        yield from _migration(migration, verbose=verbose)
    if has_sizes(plan):
        yield ESTIMATED
    if when := asked_at(plan):
        yield when
    for allowed in plan.allowed:
        yield f"allowed (recorded in the history): {allowed.message}"
    for note in plan.notes:
        yield f"note: {note}"


def _summary(plan: Plan) -> str:
    if not plan.migrations:
        return "no migrations"
    verb = "apply" if plan.direction is Direction.APPLY else "roll back"
    together = ", in one transaction" if plan.batch else ""
    what = f"{count(len(plan.migrations), 'migration')}, {count(plan.statements, 'statement')}"
    return f"{verb} {what}{together}"


def _migration(migration: PlannedMigration, *, verbose: bool) -> Iterator[str]:
    verb = "apply" if migration.direction is Direction.APPLY else "roll back"
    yield f"{verb} {migration.name}"
    yield f"  {migration.explanation}; {lock_limits(migration)}"
    if verdict := verdict_words(migration):
        yield f"  {verdict}"
    if migration.from_history:
        yield "  The file is missing. This is the text from koonj.history."
    if migration.statements_done:
        done = count(migration.statements_done, "statement")
        yield f"  {done} already committed by an earlier run; skipped."
    statements = migration.statements[migration.statements_done :]
    shown = statements if verbose or len(statements) <= MANY else statements[:MANY]
    for one in shown:
        yield from _statement(one)
    if len(shown) < len(statements):
        yield f"  and {count(len(statements) - len(shown), 'more statement')}; to list all, add --verbose"
    yield from _row_checks(migration)


def _row_checks(migration: PlannedMigration) -> Iterator[str]:
    for check in told(migration.row_checks):
        yield f"  {place(check)}{check.message}"
        if check.query:
            yield f"     {check.query}"
    if found := passing(migration.row_checks):
        yield f"  {found}"


def _statement(one: PlannedStatement) -> Iterator[str]:
    outside = "" if one.in_transaction else " (outside a transaction)"
    yield f"  {one.index}. line {one.line}: {one.summary}{outside}"
    for lock in one.locks or ():
        yield f"     {lock.effect}"
        if lock.activity:
            yield f"       {lock.activity}"
