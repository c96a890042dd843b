"""What y copies, made fit for the clipboard; each pane says what it has for that.

The text goes to the terminal in base64 (OSC 52), so nothing in it is obeyed on the way. It is pasted into
shells and editors later, where it comes from others still: a line end and what looks like keys would be typed
there, and ESC [ 201 ~ ends a bracketed paste early. So no control character is copied but line feed and tab.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from koonj.tui.widgets.pane import Copyable

LIMIT = 74_994
"""Bytes that are sent at most: base64 makes 99,992 of them, and hterm and others take 100,000 in one sequence
(chromium.org, libapps, hterm/etc/osc52.vim)."""
_LINE_END = re.compile(r"\r\n?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


SHOWN = 100_000
"""Characters of a text that is too long to be sent: so much of it is kept, to be shown."""


@dataclass(frozen=True)
class Clip:
    """A text to copy."""

    what: str
    """In words: ``the path of 001_create_users.sql``."""
    text: str
    size: int
    """Bytes of the whole text, as UTF-8."""
    beyond: int = 0
    """Characters of the whole text that are not in `text`, since it is too long to be sent."""

    @property
    def fits(self) -> bool:
        """Do terminals take so much at once?"""
        return self.size <= LIMIT


def clean(text: str) -> str:
    """`text` as it may be pasted: lines end in a line feed, and of control characters it has the tab only."""
    text = _CONTROLS.sub("", _LINE_END.sub("\n", text))
    return text.encode("utf-8", "replace").decode()


def clip(copyable: Copyable) -> Clip:
    """Make a clip of what a pane has to copy."""
    what, text = copyable.what, copyable.read()
    if len(text) > SHOWN:
        return Clip(what, clean(text[:SHOWN]), len(text.encode("utf-8", "replace")), len(text) - SHOWN)
    text = clean(text)
    return Clip(what, text, len(text.encode()))
