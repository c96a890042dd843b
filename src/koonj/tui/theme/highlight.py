"""The looks of SQL: Pygments' kinds of token -> styles, in the names of the 16 colours.

Keywords carry the structure, so they are bold and are seen without colour too. What a statement is about, its
names, stays plain; what stands in quotes, is a number or is put in by psql has a colour. Blue is not used,
since on a dark terminal it is often unreadable, nor bright black, which is often the background.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from rich.style import Style

_PLAIN = Style.null()

TOKENS: Mapping[tuple[str, ...], Style] = MappingProxyType(
    {
        ("Comment",): Style(dim=True),
        ("Keyword",): Style(color="cyan", bold=True),
        ("Keyword", "Type"): Style(color="cyan"),
        ("Keyword", "Pseudo"): Style(color="magenta", bold=True),
        ("Name", "Builtin"): Style(color="cyan"),
        ("Name", "Function"): Style(bold=True),
        ("Name", "Label"): Style(color="magenta"),
        ("Name", "Variable"): Style(color="magenta"),
        ("Literal",): Style(color="green"),
        ("Literal", "Number"): Style(color="yellow"),
        ("Literal", "String"): Style(color="green"),
        ("Literal", "String", "Escape"): Style(color="yellow"),
        ("Literal", "String", "Name"): _PLAIN,
    }
)
"""A kind without an entry looks like its nearest parent. An identifier in quotes is a name, not a string."""


@cache
def token_style(kind: Sequence[str]) -> Style:
    """How a token looks; `kind` is Pygments' token type, a tuple such as ``('Literal', 'Number')``."""
    names = tuple(kind)
    while names:
        if (style := TOKENS.get(names)) is not None:
            return style
        names = names[:-1]
    return _PLAIN
