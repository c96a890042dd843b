"""Lines for the screen, made in one place: text of others is made visible here, and cut to its cells."""

from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from koonj.sql.display import visible

Part = tuple[str, Style]
PLAIN = Style.null()


def strip(parts: Iterable[Part], width: int, fill: Style = PLAIN) -> Strip:
    """A line of exactly `width` cells; every text is shown literally, `fill` styles what is left over."""
    segments = [Segment(visible(text), style) for text, style in parts if text]
    return Strip(segments).adjust_cell_length(width, fill)


def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells: padded, or cut with an ellipsis."""
    text = visible(text)
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, width - 1) + "…"


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells."""
    return fit(text, width).rstrip() if cell_len(visible(text)) > width else visible(text)


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces where it can be; line ends stay."""
    lines: list[str] = []
    for paragraph in text.splitlines() or [""]:
        lines += _wrap_one(visible(paragraph, keep="\t").expandtabs(4), max(width, 8))
    return lines


def _wrap_one(text: str, width: int) -> list[str]:
    lines = []
    while cell_len(text) > width:
        head = set_cell_size(text, width)
        at = head.rfind(" ")
        at = len(head.rstrip()) if at < width // 2 else at
        lines.append(text[:at].rstrip())
        text = text[at:].lstrip()
    return [*lines, text]
