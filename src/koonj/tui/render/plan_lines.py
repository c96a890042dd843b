"""A plan as lines, for the dialog that asks before a run changes the target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.cells import cell_len

from koonj.humanize import count
from koonj.runner.impact.plan_wording import ESTIMATED, LONG, NOTE, has_sizes, lock_limits, verdict_words
from koonj.runner.preflight.wording import asked_at, passing, told
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration
from koonj.runner.run.row_check import RowOutcome
from koonj.sql.display import visible
from koonj.tui.render.facts import NARROW, fact_lines, target_line
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.theme import ACCENT, DIM, PLAIN, STRONG, WARNING
from koonj.tui.toolkit.strips import wrap

_DSN = 2
"""Maximum lines of the connection string; its first keywords name the server."""
_MANY = 8
"""With more migrations than this, a list of them comes before the statements."""
_SEPARATE = "statements committed separately"


def heading(plan: Plan) -> str:
    """Return the question, with the target and whether it is protected."""
    what = count(len(plan.migrations), "migration")
    guard = "  PROTECTED" if plan.protected else ""
    if plan.direction is Direction.APPLY:
        together = " in one transaction" if plan.batch else ""
        return f"Apply {what} to {plan.target}{together}?{guard}"
    return f"Roll back {what} on {plan.target}?{guard}"


def plan_lines(plan: Plan, dsn: str, width: int) -> list[Line]:
    """Return target, server, numbers, decisions and conflicts, then all statements."""
    lines = [target_line(plan.target, width, protected=plan.protected)]
    lines += fact_lines("server", plan.server, width)
    lines += fact_lines("dsn", dsn, width)[:_DSN] if dsn else []
    lines += fact_lines("migrations", _modes(plan), width)
    lines += fact_lines("statements", str(plan.statements), width)
    lines += _decisions(plan, width)
    if len(plan.migrations) > _MANY:
        lines += [[], *_listed(plan), [], [(" Their statements", ACCENT)]]
    for migration in plan.migrations:
        lines += [[], *_migration(migration, width)]
    if has_sizes(plan):
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(ESTIMATED, width - 2)]
    if when := asked_at(plan):
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(when, width - 2)]
    return lines


def _modes(plan: Plan) -> str:
    """Return the number of migrations, and how many of them run in one transaction."""
    number = len(plan.migrations)
    inside = sum(m.in_transaction for m in plan.migrations)
    if plan.batch and inside == number:
        return f"{number}, all in one transaction"
    if inside == number:
        return f"{number}, {'each ' if number > 1 else ''}in one transaction"
    if not inside:
        return f"{number}, {_SEPARATE}"
    each = " each" if inside > 1 else ""
    return f"{number}: {inside} in one transaction{each}, {number - inside} with {_SEPARATE}"


def _decisions(plan: Plan, width: int) -> list[Line]:
    """Return the allowed conflicts, the conflicts that stop the run, and the notes."""
    lines: list[Line] = []
    for allowed in plan.allowed:
        lines += [[], [(" allowed (recorded in the history):", WARNING)]]
        lines += conflict_lines(
            replace(allowed, hint=""), width
        )  # the decision is made, so the hint is not needed
    for conflict in plan.conflicts:
        lines += conflict_lines(conflict, width)
    for note in plan.notes:
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(note, width - 2)]
    return lines


def _listed(plan: Plan) -> Iterator[Line]:
    """Yield one line for each migration."""
    longest = max(cell_len(visible(m.name)) for m in plan.migrations)
    for m in plan.migrations:
        name = m.name + " " * (longest - cell_len(visible(m.name)))
        mode = "in one transaction" if m.in_transaction else "committed separately"
        left = count(len(m.statements) - m.statements_done, "statement")
        yield [(f" {name}  ", PLAIN), (f"{left}, {mode}", DIM if m.in_transaction else WARNING)]


def _migration(migration: PlannedMigration, width: int) -> list[Line]:
    lines: list[Line] = [[(" " + migration.name, STRONG)]]
    facts = f"{migration.explanation}; {lock_limits(migration)}"
    if migration.from_history:
        facts += ". The file is missing. This is the text from koonj.history."
    if migration.statements_done:
        done = count(migration.statements_done, "statement")
        facts += f". {done} already committed by an earlier run; skipped."
    lines += [[("   " + text, DIM)] for text in wrap(facts, width - 4)]
    verdict = verdict_words(migration)
    looks = DIM if migration.verdict == Verdict.VERIFIED.value else WARNING
    lines += [[("   " + text, looks)] for text in wrap(verdict, width - 4) if verdict]
    for statement in migration.statements[migration.statements_done :]:
        where = "" if statement.in_transaction else "  (outside a transaction)"
        texts = wrap(statement.summary + where, width - 12)
        lines.append([(f"   {statement.line:>5}  ", DIM), (texts[0], PLAIN)])
        lines += [[(" " * 10 + text, PLAIN)] for text in texts[1:]]
        lines += [line for lock in statement.locks or () for line in _lock(lock, width)]
    return [*lines, *_row_checks(migration, width)]


def _row_checks(migration: PlannedMigration, width: int) -> Iterator[Line]:
    """Yield what the target's rows answer: what fails first."""
    for check in told(migration.row_checks):
        looks = DIM if check.outcome is RowOutcome.NOT_KNOWN else WARNING
        lines = wrap(check.message, width - 12)
        yield [(f"   {check.line or '':>5}  ", DIM), (lines[0], looks)]
        yield from ([(" " * 10 + text, looks)] for text in lines[1:])
    if found := passing(migration.row_checks):
        yield [(f"   {found}", DIM)]


def _lock(lock: PlannedLock, width: int) -> list[Line]:
    """Return the effect of a lock, then how busy the relation is."""
    looks = WARNING if lock.impact >= LONG else DIM if lock.impact <= NOTE else PLAIN
    edge = 12 if width >= NARROW else 6
    lines: list[Line] = [[(" " * edge + text, looks)] for text in wrap(lock.effect, width - edge - 2)]
    busy = wrap(lock.activity, width - edge - 4) if lock.activity else []
    return [*lines, *([(" " * (edge + 2) + text, DIM)] for text in busy)]
