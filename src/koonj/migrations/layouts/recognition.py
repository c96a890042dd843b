"""Decide to which tool a folder belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.layout import Evidence, Layout, Strength
from koonj.migrations.layouts.registry import OWN, layout_names, layouts
from koonj.migrations.names import FITTING
from koonj.sql.other_tools import other_tool

_MOST_READ = 50
"""Number of files in which koonj's own signs are looked for."""
_BEGIN = re.compile(r"^[ \t]*BEGIN\b", re.IGNORECASE | re.MULTILINE)
_COMMIT = re.compile(r"^[ \t]*COMMIT\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A folder that belongs to another tool."""

    layout: Layout
    evidence: str
    """By what it was recognised, for the user."""


class UnclearLayoutError(Exception):
    """Raised if several tools could own a folder, or if koonj.toml names an unknown one."""


def recognise(listing: FolderListing, declared: str = "") -> Recognised | None:
    """Return the layout of a folder; None if it is koonj's own.

    `declared`: the value of ``layout`` in koonj.toml, which decides; empty if there is none. Without it the
    strongest evidence decides, and without any evidence the folder is koonj's.

    Raises: UnclearLayoutError.
    """
    if declared:
        return _declared(declared)
    found = [
        (evidence, layout) for layout in layouts() if (evidence := layout.recognise(listing)) is not None
    ]
    best = max((evidence.strength for evidence, _ in found), default=0)
    own = _own_strength(listing)
    if best <= (own or 0):
        return None
    chosen = [(evidence, layout) for evidence, layout in found if evidence.strength == best]
    if len(chosen) > 1:
        raise UnclearLayoutError(_unclear(listing, chosen))
    evidence, layout = chosen[0]
    return Recognised(layout, evidence.words)


def _declared(name: str) -> Recognised | None:
    if name == OWN:
        return None
    found = next((layout for layout in layouts() if layout.name == name), None)
    if found is None:
        known = ", ".join(layout_names())
        raise UnclearLayoutError(f'koonj.toml: layout = "{name}" is not known. Use one of: {known}.')
    return Recognised(found, f'layout = "{name}" in koonj.toml')


def _own_strength(listing: FolderListing) -> Strength | None:
    """Return how sure it is that the files are koonj's own; None if nothing says so."""
    names = [name for name in listing.top if FITTING.fullmatch(name)][:_MOST_READ]
    own = [text for name in names if other_tool(text := listing.text(name)) is None]
    if any(_BEGIN.search(text) and _COMMIT.search(text) for text in own):
        return Strength.KOONJ_TRANSACTION
    return Strength.KOONJ if own and len(own) * 2 >= len(names) else None


def _unclear(listing: FolderListing, chosen: list[tuple[Evidence, Layout]]) -> str:
    tools = " or ".join(f"{layout.name} ({evidence.words})" for evidence, layout in chosen)
    return (
        f"{listing.shown}: the migrations could belong to {tools}. To say which, write into koonj.toml: "
        f'layout = "{chosen[0][1].name}"'
    )
