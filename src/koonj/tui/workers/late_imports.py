"""Work for threads that imports what the first paint does not wait for."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder, FolderReader


def import_runs() -> None:
    """Import what a run needs."""
    for name in ("koonj.runner.start", "koonj.runner.rehearse.start", "koonj.runner.probe.run"):
        import_module(name)


def read_folder(reader: FolderReader) -> Folder:
    """Read the folder, and import the parser, which the screen needs for every file that it shows."""
    for name in ("koonj.migrations.file_problems", "koonj.sql.fingerprint", "koonj.sql.transactions"):
        import_module(name)
    return reader.read()


def folder_reader(path: Path, layout: str) -> FolderReader:
    """Return a reader of the migrations folder. `layout`: what koonj.toml says about it."""
    from koonj.migrations.folder import FolderReader  # noqa: PLC0415 - the first paint does not wait for it

    return FolderReader(path, layout=layout)
