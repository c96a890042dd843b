"""Compute lines and columns as an editor counts them."""

from koonj.sql.source import Source


def line_and_column(source: Source, offset: int) -> tuple[int, int]:
    """Return line and column of an offset: 1-based, in characters.

    A byte-order mark does not count, because editors do not show it.

    Raises:
        IndexError: the offset is not in the text.
    """
    place = source.position(offset)
    if place.line == 1 and source.text.startswith("\ufeff"):
        return 1, max(1, place.column - 1)
    return place.line, place.column
