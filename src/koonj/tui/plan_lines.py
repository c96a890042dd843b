"""A plan in lines, for the question before a change."""

from __future__ import annotations

from koonj.runner.events import Direction, Plan, PlannedMigration
from koonj.tui.paint import wrap
from koonj.tui.run_lines import Line, obstacle_lines
from koonj.tui.theme import DIM, PLAIN, STRONG, WARNING

_FACT = 10
_DSN = 2
"""Lines of the dsn; its first keywords say where it leads."""


def heading(plan: Plan) -> str:
    """What is asked, with the target's name."""
    count = len(plan.migrations)
    what = f"{count} migration{'' if count == 1 else 's'}"
    if plan.direction is Direction.APPLY:
        return f"Apply {what} to {plan.target}?"
    return f"Roll back {what} on {plan.target}?"


def plan_lines(plan: Plan, dsn: str, width: int) -> list[Line]:
    """Target and server first, then each migration with its statements, then what else there is to know."""
    guard = "  PROTECTED" if plan.protected else ""
    lines = _fact("target", plan.target + guard, width, strong=True)
    lines += _fact("server", plan.server, width)
    lines += _fact("dsn", dsn, width)[:_DSN] if dsn else []
    lines += _fact("in all", _sum(plan), width)
    for migration in plan.migrations:
        lines += [[], *_migration(migration, width)]
    for accepted in plan.accepted:
        lines += [[], [(f" accepting {accepted.state}, recorded in history:", WARNING)]]
        lines += obstacle_lines(accepted, width)
    for obstacle in plan.obstacles:
        lines += obstacle_lines(obstacle, width)
    for note in plan.notes:
        lines += [[]] + [[(" " + text, DIM)] for text in wrap(note, width - 2)]
    return lines


def _sum(plan: Plan) -> str:
    inside = sum(m.in_transaction for m in plan.migrations)
    outside = len(plan.migrations) - inside
    parts = [f"{plan.statements} statement{'' if plan.statements == 1 else 's'}"]
    if inside:
        parts.append(f"{inside} in one transaction each" if inside > 1 else "1 in one transaction")
    if outside:
        parts.append(f"{outside} step by step, outside one")
    return ", ".join(parts)


def _migration(migration: PlannedMigration, width: int) -> list[Line]:
    lines: list[Line] = [[(" " + migration.name, STRONG)]]
    facts = f"{migration.mode}; lock_timeout {migration.lock_timeout}"
    if migration.from_history:
        facts += "; the file is gone: this is the text that history recorded"
    if migration.done:
        facts += f"; {migration.done} statements are done already"
    lines += [[("   " + text, DIM)] for text in wrap(facts, width - 4)]
    for statement in migration.statements[migration.done :]:
        where = "" if statement.in_transaction else "  (outside a transaction)"
        texts = wrap(statement.summary + where, width - 12)
        lines.append([(f"   {statement.line:>5}  ", DIM), (texts[0], PLAIN)])
        lines += [[(" " * 10 + text, PLAIN)] for text in texts[1:]]
    return lines


def _fact(label: str, text: str, width: int, *, strong: bool = False) -> list[Line]:
    looks = STRONG if strong else PLAIN
    texts = wrap(text, width - _FACT - 2)
    return [[(" " + (label if not i else "").ljust(_FACT), DIM), (one, looks)] for i, one in enumerate(texts)]
