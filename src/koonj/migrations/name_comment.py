"""The first line of a migration file if it is a comment with the file's name, as `koonj new` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from koonj.migrations.file_rename import FileRename, rename_file
from koonj.migrations.save import FileRefused, NotSaved, read, save

_FIRST_LINE = re.compile(rb"(?P<before>(?:\xef\xbb\xbf)?--[ \t]*)(?P<name>[^\r\n]+?)[ \t]*(?=[\r\n]|$)")


def with_new_name(raw: bytes, rename: FileRename) -> bytes | None:
    """Return the bytes of a file with its new name in the first line; None if the old one is not there."""
    line = _FIRST_LINE.match(raw)
    if line is None or line["name"] != rename.old.encode() or rename.old == rename.new:
        return None
    return line["before"] + rename.new.encode() + raw[line.end("name") :]


def first_line(raw: bytes, rename: FileRename) -> str | None:
    """Return the first line that a file has after a rename; None if its text stays as it is."""
    new = with_new_name(raw, rename)
    return None if new is None else new.decode("utf-8-sig", "replace").splitlines()[0]


def text_words(raw: bytes, rename: FileRename) -> str:
    """Return what happens to the text of a file that is renamed."""
    line = first_line(raw, rename)
    if line is None:
        return "The text stays as it is."
    return f'The first line becomes "{line}". The other lines stay as they are.'


def rename_with_comment(folder: Path, rename: FileRename) -> None:
    """Rename a file, and write its new name into its first line if the old one is there.

    If the line cannot be written, the file has its old name again.

    Raises: as `rename_file`; NotSaved if another program changes the file now; FileRefused.
    """
    rename_file(folder, rename)
    try:
        raw = read(folder, rename.new).raw
        changed = with_new_name(raw, rename)
        if changed is not None:
            save(folder, rename.new, changed, raw)
    except (OSError, NotSaved, FileRefused):
        rename_file(folder, FileRename(rename.new, rename.old))
        raise
