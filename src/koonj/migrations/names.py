"""The name of a migration's file: ``016_add_status_to_documents.sql``.

Three digits or more, an underscore, snake case, ``.sql``. A .sql file that begins with a digit and does not
fit was surely meant to be a migration, so it is a problem and not just another file. That includes
``7_x.sql``: its number is clear, but all that sorts by text (``ls``, a diff, a shell loop around ``psql -f``)
puts it last.
"""

import re
from collections.abc import Iterable

FITTING = re.compile(r"([0-9]{3,})_([a-z0-9_]+)\.sql")
"""Use with fullmatch; the groups are the number and the slug."""

_LEADING_DIGITS = re.compile(r"[0-9]+")
_OTHERS_DIRECTION = re.compile(r"\.(?:up|down|do|undo)$", re.IGNORECASE)


def number_of(name: str) -> int:
    """The number with which a file name begins, 0 if it has none."""
    digits = _LEADING_DIGITS.match(name)
    return int(digits[0]) if digits else 0


def digits_of(name: str) -> int:
    """How many digits a file name begins with."""
    digits = _LEADING_DIGITS.match(name)
    return len(digits[0]) if digits else 0


def looks_like_one(name: str) -> bool:
    """Whether a file name was meant to be a migration's: begins with a digit, ends in .sql in any case."""
    return "0" <= name[:1] <= "9" and name[-4:].lower() == ".sql"


def title_of(name: str) -> str:
    """The slug in words: ``add status to documents``; the name itself where it does not fit."""
    fit = FITTING.fullmatch(name)
    return " ".join(fit[2].replace("_", " ").split()) if fit and fit[2].strip("_") else name


def snake_case(words: str) -> str:
    """Words as a slug: ASCII letters and digits in lower case, anything else one underscore; may be empty."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def suggest(name: str) -> str:
    """A name that fits, for one that `looks_like_one` and does not."""
    stem = _OTHERS_DIRECTION.sub("", name[:-4])
    slug = snake_case(stem[digits_of(stem) :]) or "description"
    return f"{number_of(stem):03d}_{slug}.sql"


def is_one_direction(name: str) -> bool:
    """Whether it is one half of another tool's pair, such as ``016_add.up.sql``."""
    return _OTHERS_DIRECTION.search(name[:-4]) is not None


def in_order(names: Iterable[str]) -> list[str]:
    """Those of some file names that fit, by number and then by name."""
    fitting = sorted(filter(FITTING.fullmatch, names))
    return sorted(fitting, key=lambda name: int(name[: name.index("_")]))
