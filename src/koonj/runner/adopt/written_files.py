"""Write new files of an adoption: all of them, or none if the adoption comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg

from koonj.migrations.migration import Migration
from koonj.migrations.new_files import add_files, locked
from koonj.postgres.errors import TargetError, is_lost
from koonj.runner.adopt.plan import AdoptError
from koonj.runner.run.run import Cancelled


@contextmanager
def written(folder: Path, migrations: Iterable[Migration]) -> Iterator[None]:
    """Write the files, and remove them again if nothing is recorded in the block.

    They stay if the connection was lost: then it is not known whether something was recorded.

    Raises: AdoptError if a file cannot be written.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            made = add_files(folder, {migration.name: migration.raw for migration in migrations})
    except OSError as error:
        _remove_folders(missing)
        path = error.filename2 or error.filename or folder
        raise AdoptError(f"{path} cannot be written: {error.strerror}. Nothing was changed.", "") from error
    try:
        yield
    except (TargetError, Cancelled, psycopg.Error) as error:
        if isinstance(error, psycopg.Error) and is_lost(error):
            raise
        for path in made:
            path.unlink(missing_ok=True)
        _remove_folders(missing)
        raise


def _remove_folders(folders: Iterable[Path]) -> None:
    """Remove folders that were made for the files, innermost first."""
    for folder in folders:
        with suppress(OSError):  # something else was put there
            folder.rmdir()
