"""Give migration files other numbers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from koonj.migrations.file_rename import FileRename
from koonj.migrations.name_comment import rename_with_comment
from koonj.migrations.names import (
    FITTING,
    digits_of,
    file_name,
    in_order,
    name_parts,
    number_of,
    number_words,
)
from koonj.migrations.new import number_after
from koonj.migrations.new_files import locked
from koonj.migrations.save import FileRefused, NotSaved


class NumberError(Exception):
    """Raised if a number cannot be given to a file. The message says why."""


def renumbered(names: Collection[str], others: Iterable[str], first: int | None = None) -> list[FileRename]:
    """Return the new names of files, which keep their order; nothing for a file that keeps its name.

    Args:
        names: the files to rename.
        others: the names of all other migrations, also of those that only a target has.
        first: the number of the first file; None: the number after the highest of the others, if a file has
            not a higher one already.

    Raises: NumberError.
    """
    known, numbers = list(others), [number_of(name) for name in names]
    after, width = number_after(known)
    if first is None and len(set(numbers)) == len(numbers) and min(numbers, default=after) >= after:
        return []
    width = max([width, *map(digits_of, names)])
    number = after if first is None else first
    renames = []
    for offset, name in enumerate(in_order(names)):
        renames.append(FileRename(name, file_name(number + offset, width, name_parts(name)[1])))
    _must_be_unused(renames, known)
    return [rename for rename in renames if rename.old != rename.new]


def rename_files(folder: Path, renames: Sequence[FileRename]) -> None:
    """Rename the files, the last one first, so that their order is the same at every moment.

    A comment with the old name in the first line gets the new one. Never overwrites a file. If one cannot be
    renamed, those that were renamed get their old names again.

    Raises: NumberError if a new file has one of the numbers; as `rename_with_comment`.
    """
    with locked(folder):
        _must_be_free(folder, renames)
        done: list[FileRename] = []
        try:
            for rename in reversed(renames):
                rename_with_comment(folder, rename)
                done.append(rename)
        except (OSError, NotSaved, FileRefused):
            for rename in reversed(done):
                rename_with_comment(folder, FileRename(rename.new, rename.old))
            raise


def _must_be_free(folder: Path, renames: Sequence[FileRename]) -> None:
    """Check the numbers against the files as they are now.

    Raises: NumberError.
    """
    moved = {rename.old for rename in renames}
    _must_be_unused(renames, (path.name for path in folder.iterdir() if path.name not in moved))


def _must_be_unused(renames: Iterable[FileRename], names: Iterable[str]) -> None:
    used = {number_of(name): name for name in names if FITTING.fullmatch(name)}
    for rename in renames:
        number = number_of(rename.new)
        if number in used:
            raise NumberError(f"Number {number_words(rename.new)} is used by {used[number]}.")
