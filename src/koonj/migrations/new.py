"""New migrations: the next free number, a name, a file that did not exist before."""

import fcntl
import os
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.folder import Folder
from koonj.migrations.names import FITTING, digits_of, looks_like_one, number_of, snake_case

_LONGEST_SLUG = 200
"""In bytes; most file systems take names of 255."""

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
    """The words cannot become a file name. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A migration that is not a file yet."""

    slug: str
    """Snake case, without number and ``.sql``."""
    text: str
    """Without the first line, which names the file: only `create` knows the number."""


def slugify(words: str) -> str:
    """``Add status to documents`` -> ``add_status_to_documents``. Raises SlugError.

    Accents are dropped (``é`` -> ``e``); a whole file name (``016_add_status.sql``) gives its slug.
    """
    fit = FITTING.fullmatch(words.strip())
    plain = unicodedata.normalize("NFKD", fit[2] if fit else words.strip().removesuffix(".sql"))
    slug = snake_case("".join(c for c in plain if not unicodedata.combining(c)))
    if not slug:
        raise SlugError(
            f"{words!r} has no letter a-z or digit for a file name; say it like 'add status to documents'."
        )
    if len(slug) > _LONGEST_SLUG:
        raise SlugError(f"The name has {len(slug)} characters; at most {_LONGEST_SLUG} fit into a file name.")
    return slug


def blank(slug: str) -> Draft:
    """A draft with nothing but the form: description, BEGIN and COMMIT, rollback."""
    return Draft(slug, _SKELETON.format(title=slug.replace("_", " ").capitalize()))


def next_number(folder: Folder) -> int:
    """The number after the highest one in the folder, 1 in an empty one.

    A name that does not fit counts too (``16-add.sql``), unless it has more digits than every fitting one: a
    stray ``20240131-dump.sql`` is a date.
    """
    return _after(_names(folder.path))[0]


def create(folder: Path, drafts: Sequence[Draft]) -> tuple[Path, ...]:
    """Writes drafts as files with the next free numbers, in their order; all of them or none.

    Nothing that exists is ever overwritten; two koonj that create at the same time get different numbers.
    Raises OSError (the folder is not there, is full, …) after removing what it wrote, and SlugError.
    """
    for draft in drafts:
        if slugify(draft.slug) != draft.slug:
            raise SlugError(f"{draft.slug!r} is not snake case; {slugify(draft.slug)!r} would be.")
    with _locked(folder) as directory:
        number, width = _after(_names(folder))
        made: list[Path] = []
        try:
            for offset, draft in enumerate(drafts):
                path = folder / f"{number + offset:0{width}d}_{draft.slug}.sql"
                _write(path, f"-- {path.name}\n{draft.text.rstrip()}\n", made)
            os.fsync(directory)
        except BaseException:
            for path in made:
                path.unlink(missing_ok=True)
            raise
    return tuple(made)


def _write(path: Path, text: str, made: list[Path]) -> None:
    """Creates one file, on disk when it returns; adds it to `made` as soon as it is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    made.append(path)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """The folder's descriptor, held so that no other koonj numbers files in it meanwhile."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a network file system without locks: O_EXCL still keeps every file whole
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if looks_like_one(path.name)]


def _after(names: Iterable[str]) -> tuple[int, int]:
    """The next number, and with how many digits to write it."""
    listed = list(names)
    width = max((digits_of(n) for n in listed if FITTING.fullmatch(n)), default=3)
    highest = max((number_of(n) for n in listed if digits_of(n) <= width), default=0)
    return highest + 1, width
