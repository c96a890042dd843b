"""Rules for the name of a migration file: ``016_add_status_to_documents.sql``.

A name has three digits or more, an underscore, snake case and ``.sql``. A .sql file that starts with a digit
and breaks these rules was probably meant as a migration, so it is reported as a problem. That includes
``7_x.sql``: its number is clear, but programs that sort by text (``ls``, a diff, a shell loop around ``psql
-f``) put it last.
"""

import re
from collections.abc import Iterable

FITTING = re.compile(r"([0-9]{3,})_([a-z0-9_]+)\.sql")
"""Valid file name. Use fullmatch; the groups are the number and the slug."""

UNFINISHED = (".koonj-part", ".koonj-new")
"""How a folder ends in which new files are that are not in the migrations folder yet; see `new_files`."""

_LEADING_DIGITS = re.compile(r"[0-9]+")
_OTHERS_DIRECTION = re.compile(r"\.(?:up|down|do|undo)$", re.IGNORECASE)


def number_of(name: str) -> int:
    """Return the number at the start of a file name, 0 if there is none."""
    digits = _LEADING_DIGITS.match(name)
    return int(digits[0]) if digits else 0


def digits_of(name: str) -> int:
    """Return how many digits a file name starts with."""
    digits = _LEADING_DIGITS.match(name)
    return len(digits[0]) if digits else 0


def name_parts(name: str) -> tuple[str, str]:
    """Return the number as written and the slug: ``016`` and ``add_status_to_documents``.

    A name without a number is all slug, as it is.
    """
    digits, _, slug = name.partition("_")
    return (digits, slug.removesuffix(".sql")) if len(digits) == digits_of(name) > 0 else ("", name)


def number_words(name: str) -> str:
    """Return the number as written, which names a migration in a text; the whole name if it has none."""
    return name_parts(name)[0] or name


def file_name(number: int, digits: int, slug: str) -> str:
    """Return the name of a file; its number has as many digits or more."""
    return f"{number:0{digits}d}_{slug}.sql"


def looks_like_one(name: str) -> bool:
    """Return whether a file was meant as a migration: ``<digit>….sql``, in any case."""
    return "0" <= name[:1] <= "9" and name[-4:].lower() == ".sql"


def title_of(name: str) -> str:
    """Return the slug in words: ``add status to documents``; else the name itself."""
    fit = FITTING.fullmatch(name)
    return " ".join(fit[2].replace("_", " ").split()) if fit and fit[2].strip("_") else name


def snake_case(words: str) -> str:
    """Return words as a slug, which can be empty.

    ASCII letters and digits become lower case; all other characters become underscores.
    """
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def suggest(name: str) -> str:
    """Return a valid name for one that `looks_like_one` and is not valid."""
    stem = _OTHERS_DIRECTION.sub("", name[:-4])
    slug = snake_case(stem[digits_of(stem) :]) or "description"
    return file_name(number_of(stem), 3, slug)


def is_one_direction(name: str) -> bool:
    """Return whether the file is half of another tool's pair: ``016_add.up.sql``."""
    return _OTHERS_DIRECTION.search(name[:-4]) is not None


def in_order(names: Iterable[str]) -> list[str]:
    """Return the valid ones of some file names, sorted by number and then by name."""
    fitting = sorted(filter(FITTING.fullmatch, names))
    if len({name.index("_") for name in fitting}) <= 1:  # as many digits in all: the same order
        return fitting
    return sorted(fitting, key=lambda name: int(name[: name.index("_")]))


def no_migration(number: int) -> str:
    """Return the message that no migration has this number, the same for every command."""
    return f"No migration has the number {number}."


TO_LIST = "To list the migrations, run: koonj status"
"""What to do if a number or a file name is unknown."""
