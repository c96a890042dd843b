"""What y copies: from each pane what one wants to paste elsewhere.

The text goes to the terminal in base64 (OSC 52), so nothing in it is obeyed on the way. It is pasted into
shells and editors later, where it comes from others still: a line end and what looks like keys would be typed
there, and ESC [ 201 ~ ends a bracketed paste early. So no control character is copied but line feed and tab.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from koonj.tui.run_lines import Line, log_lines, result_lines

if TYPE_CHECKING:
    from koonj.tui.run_view import RunView
    from koonj.tui.screens.main import Main

LIMIT = 74_994
"""Bytes that are sent at most: base64 makes 99,992 of them, and hterm and others take 100,000 in one sequence
(chromium.org, libapps, hterm/etc/osc52.vim)."""
_WIDE = 100_000
"""Cells of a line that is not wrapped."""
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


def nothing(screen: Main) -> str | None:
    """Why there is nothing to copy in the pane that has the keys; None: there is something."""
    there, why = {
        "1": (screen.selected is not None, "No migration is selected."),
        "2": (screen.preview.row is not None and screen.preview.count() > 0, "There is no text to copy."),
        "3": (
            screen.targets.current.status is not None,
            "The target has not answered; its dsn is not known yet.",
        ),
        "4": (screen.view is not None, "Nothing has run yet."),
    }[screen.pane.NUMBER]
    return None if there else why


def clip(screen: Main) -> Clip:
    """What there is to copy in the pane that has the keys, where that is something."""
    what, text = _SOURCES[screen.pane.NUMBER](screen)
    if len(text) > SHOWN:
        return Clip(what, clean(text[:SHOWN]), len(text.encode("utf-8", "replace")), len(text) - SHOWN)
    text = clean(text)
    return Clip(what, text, len(text.encode()))


def _of_list(screen: Main) -> tuple[str, str]:
    row = screen.selected
    assert row is not None
    if row.migration is None:
        return f"the name of {row.name}, which has no file", row.name
    return f"the path of {row.name}", row.migration.shown_path


def _of_preview(screen: Main) -> tuple[str, str]:
    preview = screen.preview
    assert preview.row is not None
    return f"the {preview.tab.lower()} of {preview.row.name}", preview.copied


def _of_targets(screen: Main) -> tuple[str, str]:
    status = screen.targets.current.status
    assert status is not None
    return f"the dsn of {status.target}, without secrets", status.dsn


def _of_run(screen: Main) -> tuple[str, str]:
    view = screen.view
    assert view is not None
    if view.wrong:
        return f"how the run on {view.target} ended", _text(_ending(view))
    log = [line for entry in view.log for line in log_lines(entry, _WIDE)]
    return f"what the run on {view.target} said", _text([*log, *_ending(view)])


_SOURCES: Mapping[str, Callable[[Main], tuple[str, str]]] = MappingProxyType(
    {"1": _of_list, "2": _of_preview, "3": _of_targets, "4": _of_run}
)


def _ending(view: RunView) -> list[Line]:
    return list(result_lines(view, _WIDE))


def _text(lines: list[Line]) -> str:
    return "".join("".join(text for text, _ in line).rstrip() + "\n" for line in lines)
