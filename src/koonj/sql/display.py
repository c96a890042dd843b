"""Make text from files, servers and users safe to show in a terminal.

Hidden characters become visible, and the terminal obeys none of them.

An escape sequence in a file name, a bidi control in a comment or a lone carriage return in an error message
must not move the cursor, recolour the screen or make a line read as something else ("Trojan Source",
CVE-2021-42574).
"""

import re
import sys
import unicodedata
from collections.abc import Mapping

LONGEST_MESSAGE = 8_000
"""Characters of one message that are shown."""

_CONTROL_PICTURES = 0x2400
_DELETE = 0x7F
_DELETE_PICTURE = "\u2421"
_SUBSTITUTE = "\u2426"

# Unicode 15: categories Cc, Cf, Cs, Zl and Zp, and the Hangul fillers, which are invisible letters. Not
# included: Arabic, Syriac, Kaithi and hieroglyphic signs of Cf that are visible. The joiners U+200C and
# U+200D belong to Indic and Persian writing and to emoji: they are kept only after a character beyond ASCII.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\ud800-\udfff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
    "|(?<![^\x00-\x7f\u200b-\u200f])[\u200c\u200d]"
)


def visible(text: str, *, keep: str = "") -> str:
    r"""Return `text` with hidden and control characters made visible.

    Examples: ``\x1b`` becomes ``␛``, U+202E becomes ``<U+202E>``.

    `keep` lists characters that the caller handles: ``visible(sql, keep="\n\t")`` does not change them.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0] in keep else _picture(found[0]), text)


def shortened(text: str, most: int = LONGEST_MESSAGE) -> str:
    """`text`, or its first `most` characters and how many there are beyond: nobody reads a megabyte here."""
    return text if len(text) <= most else f"{text[:most]}… and {len(text) - most} more characters"


def in_place(text: str) -> str:
    """Return `text` as `visible` does, but with the same number of characters.

    Use it for text in which the user moves a cursor. Tabs stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return _HIDDEN.sub(lambda found: found[0] if found[0] == "\t" else _one_cell(found[0]), text)


def _one_cell(character: str) -> str:
    picture = _picture(character)
    return picture if len(picture) == 1 else _SUBSTITUTE


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(_CONTROL_PICTURES + code)
    if code == _DELETE:
        return _DELETE_PICTURE
    return f"<U+{code:04X}>"


def cells(text: str) -> int:
    """Return the number of terminal cells of `text`.

    Wide characters take two cells, combining marks none.
    """
    if text.isascii():
        return len(text)
    return sum(map(_cells_of, text))


def _cells_of(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


_COERCED = frozenset({"C.UTF-8", "C.utf8", "UTF-8"})
"""Values that Python itself sets for LC_CTYPE if the locale is C (PEP 538).

They are not the user's choice.
"""


def wants_ascii(environ: Mapping[str, str], encoding: str | None) -> bool:
    """Return whether koonj's own symbols must be ASCII.

    That depends on the locale that the user set, then on the output's `encoding`. Python writes UTF-8 in the
    locales C and POSIX too (PEP 540), although a user who sets one of them expects ASCII. LC_ALL has priority
    over LC_CTYPE, and LC_CTYPE over LANG.
    """
    chosen = environ.get("LC_ALL") or environ.get("LC_CTYPE", "")
    if not chosen or (not environ.get("LC_ALL") and chosen in _COERCED and sys.flags.utf8_mode):
        chosen = environ.get("LANG", "")
    if chosen in {"C", "POSIX"}:
        return True
    return (encoding or "").lower().replace("-", "").replace("_", "") not in {"utf8", "utf8sig"}


def spaced(word: str) -> str:
    """Return a value such as ``rollback_edited`` as text shows it: ``rollback edited``."""
    return word.replace("_", " ")
