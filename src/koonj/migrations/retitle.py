"""Give a migration file another title; it keeps its number."""

from __future__ import annotations

from pathlib import Path

from koonj.migrations.file_rename import FileRename
from koonj.migrations.name_comment import rename_with_comment
from koonj.migrations.names import digits_of, file_name, number_of
from koonj.migrations.new import slugify
from koonj.migrations.new_files import locked


def retitled(name: str, words: str) -> FileRename:
    """Return the rename of the file `name` to the title `words`: ``016_add.sql`` -> ``016_add_status.sql``.

    Raises: SlugError if a file cannot have this title.
    """
    return FileRename(name, file_name(number_of(name), digits_of(name), slugify(words)))


def retitle_file(folder: Path, rename: FileRename) -> None:
    """Rename the file, unless it keeps its name. Never overwrites a file.

    Raises: as `rename_with_comment`.
    """
    if rename.old != rename.new:
        with locked(folder):
            rename_with_comment(folder, rename)
