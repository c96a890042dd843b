"""Preparation of the text that the key y copies; each pane supplies the text.

The text goes to the terminal in base64 (OSC 52), so the terminal executes nothing in it. The user pastes it
into shells and editors later. There a carriage return or an escape sequence would act as if it was typed,
and ESC [ 201 ~ ends a bracketed paste early. The text comes from other people, so koonj copies no control
characters except line feed and tab.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from koonj.tui.widgets.pane import Copyable

LIMIT = 74_994
"""Maximum number of bytes to send. In base64 they are 99,992; hterm and others accept 100,000 in one sequence
(chromium.org, libapps, hterm/etc/osc52.vim)."""
_LINE_END = re.compile(r"\r\n?")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


SHOWN = 100_000
"""Number of characters to keep, for display, of a text that is too long to send."""


@dataclass(frozen=True)
class Clip:
    """A text to copy."""

    what: str
    """Description of the text, for example ``the path of 001_create_users.sql``."""
    text: str
    size: int
    """Size of the whole text in bytes, as UTF-8."""
    omitted: int = 0
    """Number of characters of the whole text that are not in `text`; 0 if it is complete."""

    @property
    def fits(self) -> bool:
        """Whether a terminal accepts a text of this size in one sequence."""
        return self.size <= LIMIT


def clean(text: str) -> str:
    """Return `text` with line feeds as line ends, and no control characters but tab."""
    text = _CONTROLS.sub("", _LINE_END.sub("\n", text))
    return text.encode("utf-8", "replace").decode()


def clip(copyable: Copyable) -> Clip:
    """Return the clip of a pane's text."""
    what, text = copyable.what, copyable.read()
    if len(text) > SHOWN:
        return Clip(what, clean(text[:SHOWN]), len(text.encode("utf-8", "replace")), len(text) - SHOWN)
    text = clean(text)
    return Clip(what, text, len(text.encode()))
