"""Styles of SQL: Pygments' token types mapped to styles.

Keywords show the structure, so they are bold, which is visible without colour too. Names are plain. Strings,
numbers and psql variables have a colour. Blue is not used, because it is often unreadable on a dark terminal,
and bright black is not used, because it is often the background.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType

from rich.style import Style

from koonj.tui.theme.tokens import token

_PLAIN = Style.null()

TOKENS: Mapping[tuple[str, ...], Style] = MappingProxyType(
    {
        ("Comment",): Style(dim=True),
        ("Keyword",): Style(color=token("keyword"), bold=True),
        ("Keyword", "Type"): Style(color=token("type")),
        ("Keyword", "Pseudo"): Style(color="magenta", bold=True),
        ("Name", "Builtin"): Style(color=token("type")),
        ("Name", "Function"): Style(bold=True),
        ("Name", "Label"): Style(color="magenta"),
        ("Name", "Variable"): Style(color="magenta"),
        ("Literal",): Style(color=token("string")),
        ("Literal", "Number"): Style(color=token("number")),
        ("Literal", "String"): Style(color=token("string")),
        ("Literal", "String", "Escape"): Style(color=token("number")),
        ("Literal", "String", "Name"): _PLAIN,
    }
)
"""Styles by token type. A type without an entry has the style of its nearest parent.

An identifier in quotes is a name, not a string.
"""


@cache
def token_style(kind: Sequence[str]) -> Style:
    """Return the style of a token.

    `kind` is Pygments' type, such as ``('Literal', 'Number')``.
    """
    names = tuple(kind)
    while names:
        if (style := TOKENS.get(names)) is not None:
            return style
        names = names[:-1]
    return _PLAIN
