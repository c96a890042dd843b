"""Parse text with placeholders, a subset of Mustache.

https://mustache.github.io/mustache.5.html

``{{table}}`` is the field's value, ``{{table.schema}}`` and ``{{table.name}}`` are parts of it.
``{{#where}} … {{/where}}`` is written only if the field has a value (for a choice: other than ``no``),
``{{^where}} … {{/where}}`` only if not. ``{{#method=gin}} … {{/method}}`` is written only for this choice (no
part of Mustache). A section with ``{{partitions.each}}`` is written once for each item of the list.
A line with only such a mark (or ``--`` and a mark) is omitted.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

MARK = re.compile(r"\{\{\s*([#^/]?)\s*([a-z][a-z0-9_]*)(?:\.([a-z]+))?\s*(?:=\s*([^{}\n]*?)\s*)?\}\}")
"""A placeholder, or the start or end of a section: its sign, field, part and choice."""
_OPEN = re.compile(r"\{\{")
_LINE_BEFORE = re.compile(r"(?:^|(?<=\n))[ \t]*(?:--)?[ \t]*\Z")
_LINE_AFTER = re.compile(r"[ \t]*(?:\r?\n|\Z)")

PARTS = ("schema", "name", "each")


class TemplateError(ValueError):
    """Raised for an invalid mark; `offset` is its offset in the text."""

    def __init__(self, message: str, offset: int) -> None:
        self.offset = offset
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Condition:
    """The condition of a section: the field has a value, or (`negated`) has none."""

    name: str
    part: str | None
    negated: bool
    choice: str | None = None
    """If not None, the condition is that the field has this value."""
    start: int = field(default=0, compare=False)
    """Offset of the mark: it tells two sections with the same condition apart."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Plain text, or one placeholder; written if all conditions hold."""

    start: int
    end: int
    text: str
    """The plain text; empty for a placeholder."""
    name: str | None
    """The name of the field; None for plain text."""
    part: str | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed text."""

    text: str
    pieces: tuple[Piece, ...]
    marks: tuple[tuple[int, int], ...] = field(repr=False)
    """Start and end of section marks, with the line if nothing else is on it."""

    @property
    def slots(self) -> tuple[Piece, ...]:
        """The placeholders."""
        return tuple(piece for piece in self.pieces if piece.name is not None)

    @property
    def names(self) -> tuple[tuple[str, str | None, int], ...]:
        """Every use of a field: name, part and offset.

        Uses are placeholders and conditions.
        """
        used = [(piece.name, piece.part, piece.start) for piece in self.slots if piece.name is not None]
        used += [(c.name, c.part, c.start) for c in self.conditions]
        return tuple(used)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The conditions of the sections that are not empty, in order."""
        return tuple({c.start: c for piece in self.pieces for c in piece.conditions}.values())

    def masked(self) -> str:
        """Return the text with identifiers for placeholders and blanks for marks.

        No offset changes.
        """
        characters = list(self.text)
        for start, end in self.marks:
            characters[start:end] = [c if c in "\r\n" else " " for c in self.text[start:end]]
        for slot in self.slots:
            characters[slot.start : slot.end] = "x" * (slot.end - slot.start)
        return "".join(characters)

    def visible_pieces(self, holds: Callable[[Condition], bool]) -> list[Piece]:
        """Return the pieces whose conditions hold."""
        return [piece for piece in self.pieces if all(holds(condition) for condition in piece.conditions)]


def parse(text: str) -> Template:
    """Parse a text with placeholders.

    Raises:
        TemplateError: a mark or placeholder is invalid.
    """
    pieces: list[Piece] = []
    marks: list[tuple[int, int]] = []
    opened: list[Condition] = []
    at = 0
    for found in MARK.finditer(text):
        sign, name, part, choice = found.groups()
        if part is not None and part not in PARTS:
            raise TemplateError(
                f"{name}.{part}: a field has only the parts {', '.join(PARTS)}.", found.start()
            )
        if choice is not None and sign not in {"#", "^"}:
            raise TemplateError("Only the start of a section can have = and a choice.", found.start())
        start, end = found.span() if not sign else line_of(text, *found.span())
        conditions = tuple(opened)
        if start > at:
            pieces.append(Piece(at, start, _plain(text, at, start), None, None, conditions))
        at = end
        if sign:
            marks.append((start, end))
            _open_or_close(opened, sign, Condition(name, part, sign == "^", choice, found.start()))
        else:
            pieces.append(Piece(start, end, "", name, part, conditions))
    if opened:
        raise TemplateError(
            f"This section is never closed with {{{{/{opened[-1].name}}}}}.", opened[-1].start
        )
    if at < len(text):
        pieces.append(Piece(at, len(text), _plain(text, at, len(text)), None, None, ()))
    return Template(text, tuple(pieces), tuple(marks))


def _plain(text: str, start: int, end: int) -> str:
    stray = _OPEN.search(text, start, end)
    if stray:
        raise TemplateError(
            "{{ does not start a placeholder. A placeholder looks like {{table}}.", stray.start()
        )
    return text[start:end]


def _open_or_close(opened: list[Condition], sign: str, condition: Condition) -> None:
    if sign != "/":
        opened.append(condition)
        return
    last = opened[-1] if opened else None
    if last is None or (last.name, last.part) != (condition.name, condition.part):
        but = f"; {{{{#{last.name}}}}} is open" if last else ""
        raise TemplateError(
            f"{{{{/{condition.name}}}}} closes a section that is not open{but}.", condition.start
        )
    opened.pop()


def line_of(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the start and end of a mark, or of its line if nothing else is on it."""
    line = text.rfind("\n", 0, start) + 1
    after = _LINE_AFTER.match(text, end)
    if after and _LINE_BEFORE.match(text[line:start]):
        return line, after.end()
    return start, end
