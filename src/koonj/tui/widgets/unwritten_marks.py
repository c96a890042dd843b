"""The marks of lines in the preview of files that are not written yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from koonj.tui.documents.draft_listing import DraftListing
from koonj.tui.state.file_place import FilePlace, by_weight
from koonj.tui.theme.fills import TONES, tinted
from koonj.tui.theme.severities import severity_style
from koonj.tui.widgets.sql_pane import LineMark


def listing_marks(listing: DraftListing, places: Mapping[str, Iterable[FilePlace]]) -> Mapping[int, LineMark]:
    """Return the marks of the lines with something wrong, by their index; that of most weight decides.

    `places`: what is wrong with each file, by its name.
    """
    marks: dict[int, LineMark] = {}
    for file in listing.files:
        for place in by_weight(places.get(file.name, ())):
            if place.line is not None:
                style = severity_style(place.severity)
                index = file.index_of(place.line)
                marks.setdefault(index, LineMark(style, place.column, fill=tinted(TONES[style])))
    return marks
