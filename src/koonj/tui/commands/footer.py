"""The bottom line's keys, from the commands."""

from __future__ import annotations

from typing import Any

from koonj.tui.commands import MAIN
from koonj.tui.commands.command import Command, Situation
from koonj.tui.widgets.footer import Hint


def hints(now: Situation) -> tuple[Hint, ...]:
    """What matters in the focused pane; what cannot be used now is dim."""
    running, keys = now.running, now.keymap
    shown = [c for c in MAIN if now.pane in c.footer and c.while_running >= running and keys.shown(c)]
    offered = [(c, c.why_not(now)) for c in shown]
    return tuple(
        Hint(keys.shown(c)[0], c.label, reason is None, c.name(), _help(c, reason))
        for c, reason in offered
        if running or not c.while_running or reason is None
    )


def _help(command: Command[Any], reason: str | None) -> str:
    return command.help() if reason is None else f"{command.help()}\n\nNot now: {reason}"
