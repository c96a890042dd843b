"""Format patterns and their fields as lines of text."""

import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator
from itertools import groupby

from koonj.humanize import count
from koonj.patterns.pattern import Field, Pattern
from koonj.sql.display import spaced

_SHELL_SPECIAL = re.compile(r"[\"$`\\!]")
"""Characters that a shell still interprets within double quotes."""


def pattern_list(patterns: Iterable[Pattern]) -> Iterator[str]:
    """Yield the key and title of each pattern, by group."""
    listed = tuple(patterns)
    width = max((len(pattern.key) for pattern in listed), default=0)
    for group, members in groupby(listed, key=lambda pattern: pattern.group):
        yield group
        for pattern in members:
            yield f"  {pattern.key:<{width}}  {pattern.title} ({count(len(pattern.files), 'file')})"
        yield ""
    yield "To list the fields of one, run: koonj patterns PATTERN"


def pattern_lines(pattern: Pattern) -> Iterator[str]:
    """Yield a pattern with its fields, and a command that uses it as the last line."""
    yield f"{pattern.key}: {pattern.title}"
    if pattern.description:
        yield from (f"  {line}" for line in textwrap.wrap(pattern.description, 98))
    yield ""
    for field in pattern.fields:
        yield from _field(field)
    if pattern.later is not None:
        yield ""
        yield f"The step that must wait is a pattern of its own: {pattern.later}"
    yield ""
    yield "For example:"
    needed = (field for field in pattern.fields if field.required and not field.default)
    yield f"koonj new --pattern {pattern.key} {' '.join(map(_example, needed))}"


def _field(field: Field) -> Iterator[str]:
    need = "required" if field.required and not field.default else "optional"
    yield f"{field.name}  {field.label}: {spaced(field.kind)}, {need}"
    if field.choices:
        yield f"    one of: {', '.join(field.choices)}"
    for word, text in (("default", field.default), ("example", field.example)):
        if text:
            yield f"    {word}: {text}"
    if field.help:
        yield from (f"    {line}" for line in field.help.split("\n"))


def _example(field: Field) -> str:
    """Return ``table=documents``, quoted for a shell if necessary."""
    value = field.example or field.default or (field.choices[0] if field.choices else "...")
    if "'" in value and not _SHELL_SPECIAL.search(value):
        return f'{field.name}="{value}"'
    return f"{field.name}={shlex.quote(value)}"
