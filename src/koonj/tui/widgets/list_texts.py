"""What the list of migrations says besides its rows."""

from __future__ import annotations

from textual.strip import Strip

from koonj.humanize import number_words
from koonj.tui.state.snapshot import Snapshot
from koonj.tui.theme import DIM, RULE
from koonj.tui.toolkit.strips import strip
from koonj.tui.widgets.filter_input import sql_text

_LEAD = 4
"""Cells of the parting line before its words."""


def folder_problem(snapshot: Snapshot) -> str:
    """Return why the list is out of date or incomplete; empty if it is not."""
    if snapshot.folder_error is not None:
        age = "The list is out of date. " if snapshot.rows else ""
        return age + snapshot.folder_error
    ignored = snapshot.unlisted_files
    if not ignored:
        return ""
    name, problem = ignored[0]
    more = f" {len(ignored)} files are ignored." if len(ignored) > 1 else ""
    return f"{name}: {problem.message}{more}"


def tool_words(snapshot: Snapshot) -> str:
    """Return the other tool whose folder it is, and if koonj only reads it; empty if it is koonj's own."""
    is_read_only = snapshot.folder is not None and snapshot.folder.why_not_run is not None
    return f"{snapshot.tool}, read-only" if is_read_only else snapshot.tool


def empty_reason(
    snapshot: Snapshot, typed: str, found: tuple[frozenset[str], int | None] | None, new_key: str
) -> str:
    """Return why the list is empty. `typed` is the filter, `found` what a filter by SQL has found."""
    if snapshot.folder is None:
        return "" if snapshot.folder_error else "reading the folder"
    if snapshot.rows:
        if text := sql_text(typed):
            if found is None or found[1] is not None:
                done = number_words(found[1] or 0) if found else "0"
                return f"Searching the files: {done} of {number_words(len(snapshot.rows))}."
            return f"No file has the text {text}. Press Esc to clear the filter."
        none = f"None of {len(snapshot.rows)} matches the filter in number, name, state or verdict."
        return f"{none} Press Esc to clear it."
    where = snapshot.folder.shown_path or snapshot.folder.path
    if snapshot.tool:
        return f"No migrations yet in {where}. {snapshot.tool} has to create them."
    return f"No migrations yet in {where}. Press {new_key} to create one."


def parting_line(pending: int, above: int, width: int) -> Strip:
    """Return the line between what is applied and what comes next.

    It says how many are pending, as the first line does, and how many of them are `above`: late ones.
    """
    words = f" {number_words(pending)} to apply{f', {number_words(above)} of them above' if above else ''} "
    rest = "╌" * max(0, width - _LEAD - len(words))
    return strip([("╌" * _LEAD, RULE), (words, DIM), (rest, RULE)], width)
