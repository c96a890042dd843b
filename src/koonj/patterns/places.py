"""Where a placeholder stands in SQL: as a token of its own, within a string, or in a comment.

That decides how a value is written there, and where none may be: glued to a word, in a quoted name, in
``E'…'``, in ``/* */``.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from koonj.patterns.template import Template, TemplateError
from koonj.sql.sections import parse as parse_sections
from koonj.sql.tokens import Token, TokenKind, tokens

_DOLLAR = re.compile(r"\$[^$]*\$")
_COMMENT_PREFIX = re.compile(r"^([ \t]*)--", re.MULTILINE)


class PlaceholderPlace(Enum):
    """The ways in which a value is written."""

    CODE = "code"
    BARE = "bare"
    """In SQL, between parentheses of the template's own."""
    STRING = "string"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class PlaceholderSpot:
    """Where one placeholder stands."""

    place: PlaceholderPlace
    tags: tuple[str, ...]
    """The dollar quotes around it, such as ``$check$``: a value there cannot hold them."""


def places(template: Template) -> dict[int, PlaceholderSpot]:
    """The spot of each placeholder, by its offset. Raises TemplateError."""
    masked = template.masked()
    wanted = {slot.start: slot.end for slot in template.slots}
    return {start: spot for script in _scripts(masked) for start, spot in _spots(script, 0, wanted, ())}


def _scripts(masked: str) -> tuple[str, str]:
    """Body and rollback, at their offsets: blanks for the other, and for the rollback's comment marks."""
    sections = parse_sections(masked)
    if sections.rollback_line is None or sections.rollback is None:
        return masked, ""
    body = "".join(masked.splitlines(keepends=True)[: sections.rollback_line])
    start = len(body)
    return body, re.sub(r"[^\n]", " ", body) + _COMMENT_PREFIX.sub(r"\1  ", masked[start:])


def _spots(
    text: str, base: int, wanted: dict[int, int], tags: tuple[str, ...]
) -> Iterator[tuple[int, PlaceholderSpot]]:
    """The spots within `text`, which begins at offset `base` of the template."""
    said: list[Token] = []
    read = list(tokens(text))
    for at, token in enumerate(read):
        if token.kind is TokenKind.BLANK:
            continue
        inner = [
            (start, end) for start, end in wanted.items() if base + token.start <= start < base + token.end
        ]
        before = said[-1].text if said else ""
        if token.kind is not TokenKind.COMMENT:
            said.append(token)
        if not inner:
            continue
        if token.kind is TokenKind.STRING and token.text.startswith("$"):
            tag = _DOLLAR.match(token.text)
            size = len(tag[0]) if tag else 0
            yield from _spots(
                token.text[size:-size], base + token.start + size, wanted, (*tags, token.text[:size])
            )
            continue
        for start, end in inner:
            if (place := _place(token, (start - base, end - base), before, read[at + 1 :])) is None:
                raise TemplateError(_REFUSALS.get(token.kind, _GLUED), start)
            yield start, PlaceholderSpot(place, tags)


def _place(
    token: Token, span: tuple[int, int], before: str, after: Iterable[Token]
) -> PlaceholderPlace | None:
    if token.kind is TokenKind.WORD and (token.start, token.end) == span:
        following = next((t.text for t in after if t.kind is not TokenKind.BLANK), "")
        return PlaceholderPlace.BARE if (before, following) == ("(", ")") else PlaceholderPlace.CODE
    if token.kind is TokenKind.STRING and token.text.startswith("'"):
        return PlaceholderPlace.STRING
    if token.kind is TokenKind.COMMENT and token.text.startswith("--"):
        return PlaceholderPlace.COMMENT
    return None


_GLUED = (
    "A placeholder has to stand alone: a value that needs quotes would break what it is glued to. "
    "For a composed name make a field with a default, such as {{table}}_{{column}}_idx."
)
_REFUSALS = {
    TokenKind.QUOTED: "No placeholder in double quotes: koonj quotes a name where that is needed.",
    TokenKind.STRING: "A placeholder in a string needs plain quotes: '…', not E'…' or another prefix.",
    TokenKind.COMMENT: "No placeholder in /* */: the value may hold the end of the comment.",
}
