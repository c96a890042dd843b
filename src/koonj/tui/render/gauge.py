"""The bar of a run's progress in themes with fills."""

from __future__ import annotations

import re
from collections.abc import Iterator

from koonj.tui.theme import RULE
from koonj.tui.toolkit.strips import Part

_BAR = re.compile(r"\[(#*)(-*)\]")
"""A bar of plain characters, as `humanize.bar` makes it."""


def with_gauge(line: list[Part]) -> list[Part]:
    """Return a line in which a bar of plain characters is a gauge with as many cells."""
    return [part for text, looks in line for part in _parts((text, looks))]


def _parts(part: Part) -> Iterator[Part]:
    text, looks = part
    found = _BAR.search(text)
    if found is None or len(found[0]) == len("[]"):
        yield part
        return
    cells, inner = len(found[0]), len(found[1]) + len(found[2])
    done = len(found[1]) * cells // inner
    yield text[: found.start()], looks
    yield "━" * (done if done == cells else max(0, done - 1)) + "╸" * (0 < done < cells), looks
    yield "─" * (cells - done), RULE
    yield text[found.end() :], looks
