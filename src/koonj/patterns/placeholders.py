"""Find the place of each placeholder in SQL: a token, in a string or in a comment.

The place determines how koonj writes a value, and where it cannot: joined to a word, in a quoted name, in
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
    """The ways to write a value."""

    CODE = "code"
    BARE = "bare"
    """In SQL, inside parentheses of the template."""
    STRING = "string"
    COMMENT = "comment"


@dataclass(frozen=True, slots=True)
class PlaceholderSpot:
    """The place of one placeholder."""

    place: PlaceholderPlace
    tags: tuple[str, ...]
    """The dollar quotes around it, such as ``$check$``. The value cannot contain them."""


def places(template: Template) -> dict[int, PlaceholderSpot]:
    """Return the place of each placeholder, by its offset.

    Raises:
        TemplateError: a placeholder is where koonj cannot write a value.
    """
    masked = template.masked()
    wanted = {slot.start: slot.end for slot in template.slots}
    return {start: spot for script in _scripts(masked) for start, spot in _spots(script, 0, wanted, ())}


def _scripts(masked: str) -> tuple[str, str]:
    """Return body and rollback at their offsets in the template.

    Blanks replace the other script, and the comment prefixes of the rollback.
    """
    sections = parse_sections(masked)
    if sections.rollback_line is None or sections.rollback is None or sections.nothing_reason is not None:
        return masked, ""
    body = "".join(masked.splitlines(keepends=True)[: sections.rollback_line])
    start = len(body)
    return body, re.sub(r"[^\n]", " ", body) + _COMMENT_PREFIX.sub(r"\1  ", masked[start:])


def _spots(
    text: str, base: int, wanted: dict[int, int], tags: tuple[str, ...]
) -> Iterator[tuple[int, PlaceholderSpot]]:
    """Yield the places within `text`, which starts at offset `base` of the template."""
    significant: list[Token] = []
    read = list(tokens(text))
    for at, token in enumerate(read):
        if token.kind is TokenKind.BLANK:
            continue
        inner = [
            (start, end) for start, end in wanted.items() if base + token.start <= start < base + token.end
        ]
        before = significant[-1].text if significant else ""
        if token.kind is not TokenKind.COMMENT:
            significant.append(token)
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
    "A placeholder cannot be joined to other text, because its value can need quotes. "
    "For a composed name, add a field with a default, such as {{table}}_{{column}}_idx."
)
_REFUSALS = {
    TokenKind.QUOTED: "Remove the double quotes around the placeholder: koonj quotes a name if necessary.",
    TokenKind.STRING: "A placeholder in a string needs plain quotes: '…', without E or another prefix.",
    TokenKind.COMMENT: "Use a -- comment for a placeholder: in /* */ the value could end the comment.",
}
