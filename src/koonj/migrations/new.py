"""Create migration files with the next free numbers."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from koonj.migrations.folder import Folder
from koonj.migrations.names import FITTING, digits_of, file_name, looks_like_one, number_of, snake_case
from koonj.migrations.new_files import add_files, finish_locked, locked

_LONGEST_SLUG = 200
"""Maximum length in bytes; most file systems allow names of 255 bytes."""

_SKELETON = """\
-- {title}: what it changes, and why.
BEGIN;


COMMIT;

-- Rollback:
-- BEGIN;
--
-- COMMIT;
"""


class SlugError(ValueError):
    """Raised if words cannot become a file name. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A migration that is not a file yet."""

    slug: str
    """Name in snake case, without number and ``.sql``."""
    text: str
    """Text without the first line, which is the file name. Only `create` knows the number."""
    part: int = field(default=0, compare=False)
    """Which of the files of its pattern it is, from 0."""
    is_edited: bool = False
    """Whether the user edited the text by hand. It is written exactly as it is then."""
    is_named: bool = True
    """Whether the file name is its first line: not if the user has taken it out."""

    def file_text(self, name: str) -> str:
        """Return the whole text of the file if it has that name."""
        text = self.text if self.is_edited else f"{self.text.rstrip()}\n"
        return f"{first_line(name)}{text}" if self.is_named else text


def first_line(name: str) -> str:
    """Return the first line of a new file."""
    return f"-- {name}\n"


def slugify(words: str) -> str:
    """Return a slug: ``Add status to documents`` -> ``add_status_to_documents``.

    Removes accents (``é`` -> ``e``). A whole file name (``016_add_status.sql``) gives its slug.

    Raises: SlugError.
    """
    fit = FITTING.fullmatch(words.strip())
    plain = unicodedata.normalize("NFKD", fit[2] if fit else words.strip().removesuffix(".sql"))
    slug = snake_case("".join(c for c in plain if not unicodedata.combining(c)))
    if not slug:
        raise SlugError(
            f"{words!r} has no letter a-z or digit for a file name. "
            "Use for example 'add status to documents'."
        )
    if len(slug) > _LONGEST_SLUG:
        raise SlugError(f"The name has {len(slug)} characters. The maximum is {_LONGEST_SLUG}.")
    return slug


def blank(slug: str) -> Draft:
    """Return a draft with description, BEGIN and COMMIT, and an empty rollback."""
    return Draft(slug, _SKELETON.format(title=slug.replace("_", " ").capitalize()))


def next_number(folder: Folder) -> int:
    """Return the number after the highest one in the folder, 1 if the folder is empty.

    Invalid names count too (``16-add.sql``), unless they have more digits than every valid name:
    ``20240131-dump.sql`` is a date.
    """
    return number_after(_names(folder.path))[0]


def create(folder: Path, drafts: Sequence[Draft]) -> tuple[Path, ...]:
    """Write drafts as files with the next free numbers: all of them or none, also after a crash.

    Keeps the order of the drafts. Never overwrites a file. Two koonj processes that create files at the same
    time get different numbers.

    Raises: SlugError; OSError (the folder is missing or full, …): then none of them is there.
    """
    for draft in drafts:
        if slugify(draft.slug) != draft.slug:
            raise SlugError(f"{draft.slug!r} is not snake case. Use {slugify(draft.slug)!r}.")
    with locked(folder):
        finish_locked(folder)
        number, width = number_after(_names(folder))
        names = [file_name(number + offset, width, draft.slug) for offset, draft in enumerate(drafts)]
        named = zip(names, drafts, strict=True)
        return add_files(folder, {name: draft.file_text(name).encode() for name, draft in named})


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if looks_like_one(path.name)]


def number_after(names: Iterable[str]) -> tuple[int, int]:
    """Return the number after the highest one, and how many digits to write it with."""
    listed = list(names)
    width = max((digits_of(n) for n in listed if FITTING.fullmatch(n)), default=3)
    highest = max((number_of(n) for n in listed if digits_of(n) <= width), default=0)
    return highest + 1, width
