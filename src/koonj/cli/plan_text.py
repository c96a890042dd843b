"""Format a plan as lines of text: what decides, the table of its migrations, then all details."""

from collections.abc import Iterator, Sequence

from koonj.cli.marks import StateMarks
from koonj.humanize import count
from koonj.migrations.names import number_words
from koonj.runner.impact.plan_summary import (
    NO_LOCKS,
    PlanRow,
    heaviest_of,
    modes_words,
    plan_rows,
    unknown_words,
    verdict_groups,
)
from koonj.runner.impact.plan_wording import ESTIMATED, has_sizes, lock_limits, rehearsed_words
from koonj.runner.preflight.wording import EXACT_GIVES, asked_at, checks_of, decisive, passing, place, told
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedMigration, PlannedStatement
from koonj.sql.display import cells

MANY = 20
"""Statements listed per migration; without --verbose, others are only counted."""
_MOST = 5
"""Migrations that the command to rehearse them names."""


def plan_lines(plan: Plan, *, verbose: bool, marks: StateMarks) -> Iterator[str]:
    """Yield target, server, what decides, and each migration with statements, decisions and notes.

    Conflicts are not among them: they are errors and go to stderr.
    """
    guard = ", protected" if plan.protected else ""
    yield f"target {plan.target}{guard}: {plan.server}"
    yield f"plan: {_summary(plan)}"
    yield from _decisive(plan)
    if len(plan.migrations) > 1:
        yield ""
        yield from _table(plan_rows(plan), marks)
        yield ""
    for migration in plan.migrations:
        yield from _migration(migration, verbose=verbose)
    if has_sizes(plan):
        yield ESTIMATED
    if when := asked_at(checks_of(plan)):
        yield when
    for allowed in plan.allowed:
        yield f"allowed (recorded in the history): {allowed.message}"
    for note in plan.notes:
        yield f"note: {note}"


def _summary(plan: Plan) -> str:
    if not plan.migrations:
        return "no migrations"
    verb = "apply" if plan.direction is Direction.APPLY else "roll back"
    what = f"{count(len(plan.migrations), 'migration')}, {count(plan.statements, 'statement')}"
    modes = modes_words(plan)
    return f"{verb} {what}: {modes}" if modes[:1].isdigit() else f"{verb} {what}, {modes}"


def _decisive(plan: Plan) -> Iterator[str]:
    """Yield what the rehearsals say, and the heaviest lock; nothing if verdicts were not looked up."""
    groups = verdict_groups(plan)
    if not groups:
        return
    yield f"rehearsal: {'; '.join(group.words for group in groups)}"
    if rows := decisive(plan):
        yield f"rows: {rows}"
    found, unknown = heaviest_of(plan.migrations), unknown_words(plan)
    if found is not None:
        yield f"heaviest lock: {found.words}, in {found.migration}"
    if unknown:
        yield f"locks {unknown}"
    elif found is None:
        yield f"locks: {NO_LOCKS}"
    missing = [
        number_words(one.name)
        for one in plan.migrations
        if one.verdict == Verdict.UNKNOWN.value and not one.verdict_message and not one.from_history
    ]
    if missing:
        names = f" {' '.join(missing)}" if len(missing) <= _MOST else ""
        yield f"To measure them, run: koonj rehearse{names}"


def _table(rows: Sequence[PlanRow], marks: StateMarks) -> Iterator[str]:
    """Yield a heading and a line for each migration. Columns without a text are left out."""
    lines = [("#", "migration", "runs", "rehearsal", "locks", "on", "size")]
    for row in rows:
        mode = row.heaviest.mode if row.heaviest is not None else None
        lock = "" if mode is None else f"{marks.for_lock(mode.level)} {mode.value}"
        lines.append((row.number, row.name, row.runs, row.verdict_words, lock, row.table, row.size))
    shown = [place for place in range(len(lines[0])) if any(line[place] for line in lines[1:])]
    widths = {place: max(cells(line[place]) for line in lines) for place in shown}
    for line in lines:
        padded = (line[place] + " " * (widths[place] - cells(line[place])) for place in shown)
        yield f"  {'  '.join(padded)}".rstrip()


def _migration(migration: PlannedMigration, *, verbose: bool) -> Iterator[str]:
    verb = "apply" if migration.direction is Direction.APPLY else "roll back"
    yield f"{verb} {migration.name}"
    yield f"  {migration.explanation}; {lock_limits(migration)}"
    if words := rehearsed_words(migration):
        yield f"  {words}"
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
        exact = "" if check.limit is None else f"; {EXACT_GIVES[check.limit]}: --preflight exact"
        yield f"  {place(check)}{check.message}{exact}"
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
