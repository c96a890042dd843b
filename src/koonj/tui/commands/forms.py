"""Commands of the form of a new migration. Enter, which goes on, and Esc, which goes back, are fixed."""

from __future__ import annotations

from typing import Any

from koonj.tui.commands.application import HELP, Repaint
from koonj.tui.commands.command import Command, Group, Situation
from koonj.tui.commands.navigation import MOVING

_NO_FORM = "It is a command of the form of a new migration."


class _OfForm(Command[Any]):
    group = Group.FORM
    listed = False

    def why_not(self, now: Situation) -> str | None:
        return None if now.in_form else _NO_FORM


class FilterPatterns(_OfForm):
    """Filter the patterns by title, key and the words that people use for them.

    A letter that moves nothing begins the filter, too.
    """

    key = "slash"
    label = "filter, or type"


class CompleteName(_OfForm):
    """Complete a field with the first name.

    With a whole name, the key goes on to the next field.
    """

    key = "tab"
    label = "complete"
    in_text = True


class NextName(_OfForm):
    """Complete a field with the next name."""

    key, also = "down", ("ctrl+n",)
    label = "next name"
    in_text = True


class PreviousName(_OfForm):
    """Complete a field with the previous name; before the first one, what was typed is back."""

    key, also = "up", ("ctrl+p",)
    label = "previous name"
    in_text = True


class EditFiles(_OfForm):
    """Edit the files in koonj's editor before they are written, first the one that the preview shows.

    What you save there goes back into the form. No file is on disk until you write them.
    """

    key = "f2"
    label = "edit SQL"
    in_text = True


class TakePatternText(_OfForm):
    """Take the text of the pattern again for a file that was edited by hand. Asks first."""

    key = "f7"
    label = "pattern's text"
    in_text = True


FILTER_PATTERNS, COMPLETE_NAME = FilterPatterns(), CompleteName()
NEXT_NAME, PREVIOUS_NAME = NextName(), PreviousName()
EDIT_FILES, TAKE_PATTERN_TEXT = EditFiles(), TakePatternText()
FORM: tuple[Command[Any], ...] = (
    FILTER_PATTERNS,
    COMPLETE_NAME,
    NEXT_NAME,
    PREVIOUS_NAME,
    EDIT_FILES,
    TAKE_PATTERN_TEXT,
)
"""The commands of the form alone."""
IN_FORM: tuple[Command[Any], ...] = (*FORM, *MOVING, Repaint(), HELP)
"""All commands with a key on the screen with the form, for its help."""
