"""A plan in lines, for the question before a change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.cells import cell_len

from koonj.humanize import count
from koonj.runner.impact.plan_wording import ESTIMATED, LONG, NOTE, has_sizes, verdict_words
from koonj.runner.rehearse.verdict import Verdict
from koonj.runner.run.events import Direction, Plan, PlannedLock, PlannedMigration
from koonj.sql.display import spaced, visible
from koonj.tui.render.run_lines import Line, conflict_lines
from koonj.tui.theme import ACCENT, DIM, PLAIN, RAISED, STRONG, WARNING
from koonj.tui.toolkit.strips import wrap

_FACT = 12
_NARROW = 60
"""Cells."""
_DSN = 2
"""Lines of the dsn; its first keywords say where it leads."""
_MANY = 8
"""Migrations; of more there is a list first, a line each, and the statements are beneath it."""


def heading(plan: Plan) -> str:
    """What is asked, with the target's name, and whether that is protected."""
    what = count(len(plan.migrations), "migration")
    guard = "  PROTECTED" if plan.protected else ""
    if plan.direction is Direction.APPLY:
        return f"Apply {what} to {plan.target}?{guard}"
    return f"Roll back {what} on {plan.target}?{guard}"


def plan_lines(plan: Plan, dsn: str, width: int) -> list[Line]:
    """Target and server first, how much in which way, then what was decided, then all statements."""
    lines = [_target(plan, width)]
    lines += _fact("server", plan.server, width)
    lines += _fact("dsn", dsn, width)[:_DSN] if dsn else []
    lines += _fact("migrations", _ways(plan), width)
    lines += _fact("statements", str(plan.statements), width)
    lines += _decisions(plan, width)
    if len(plan.migrations) > _MANY:
        lines += [[], *_listed(plan), [], [(" Their statements", ACCENT)]]
    for migration in plan.migrations:
        lines += [[], *_migration(migration, width)]
    if has_sizes(plan):
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(ESTIMATED, width - 2)]
    return lines


def _target(plan: Plan, width: int) -> Line:
    label = "target".ljust(_FACT - 1 if width >= _NARROW else 0)
    line: Line = [(f" {label}", DIM), (f" {plan.target} ", RAISED)]
    return [*line, ("  ", PLAIN), (" PROTECTED ", RAISED)] if plan.protected else line


def _ways(plan: Plan) -> str:
    """How many there are, how many of them run in a transaction, and how many do not."""
    number = len(plan.migrations)
    inside = sum(m.in_transaction for m in plan.migrations)
    if inside == number:
        return f"{number}, {'each ' if number > 1 else ''}in one transaction"
    if not inside:
        return f"{number}, step by step, outside a transaction"
    each = " each" if inside > 1 else ""
    return (
        f"{number}: {inside} in one transaction{each}, {number - inside} step by step, outside a transaction"
    )


def _decisions(plan: Plan, width: int) -> list[Line]:
    """What was allowed, what stops, what else there is to know."""
    lines: list[Line] = []
    for allowed in plan.allowed:
        lines += [[], [(f" allowing {spaced(allowed.state)}, recorded in history:", WARNING)]]
        lines += conflict_lines(replace(allowed, hint=""), width)  # what to do was decided
    for conflict in plan.conflicts:
        lines += conflict_lines(conflict, width)
    for note in plan.notes:
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(note, width - 2)]
    return lines


def _listed(plan: Plan) -> Iterator[Line]:
    """One line a migration."""
    longest = max(cell_len(visible(m.name)) for m in plan.migrations)
    for m in plan.migrations:
        name = m.name + " " * (longest - cell_len(visible(m.name)))
        way = "in one transaction" if m.in_transaction else "step by step, outside a transaction"
        left = count(len(m.statements) - m.statements_done, "statement")
        yield [(f" {name}  ", PLAIN), (f"{left}, {way}", DIM if m.in_transaction else WARNING)]


def _migration(migration: PlannedMigration, width: int) -> list[Line]:
    lines: list[Line] = [[(" " + migration.name, STRONG)]]
    facts = f"{migration.explanation}; lock_timeout {migration.lock_timeout}"
    if migration.from_history:
        facts += "; the file is gone: this is the text that history recorded"
    if migration.statements_done:
        facts += f"; {migration.statements_done} statements are done already"
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
    return lines


def _lock(lock: PlannedLock, width: int) -> list[Line]:
    """What it means, and beneath it how busy the relation is."""
    looks = WARNING if lock.impact >= LONG else DIM if lock.impact <= NOTE else PLAIN
    edge = 12 if width >= _NARROW else 6
    lines: list[Line] = [[(" " * edge + text, looks)] for text in wrap(lock.effect, width - edge - 2)]
    busy = wrap(lock.activity, width - edge - 4) if lock.activity else []
    return [*lines, *([(" " * (edge + 2) + text, DIM)] for text in busy)]


def _fact(label: str, text: str, width: int) -> list[Line]:
    """Label and text in two columns; one after the other where there is no room for that."""
    if width < _NARROW:
        return [[(f" {one}", PLAIN)] for one in wrap(f"{label} {text}", width - 2)]
    texts = wrap(text, width - _FACT - 2)
    return [[(" " + (label if not i else "").ljust(_FACT), DIM), (one, PLAIN)] for i, one in enumerate(texts)]
