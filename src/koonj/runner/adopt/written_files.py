"""Write new files of an adoption: all of them, or none if the adoption comes to nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from koonj.migrations.migration import Migration
from koonj.migrations.new_files import add_files, locked
from koonj.postgres.errors import TargetError
from koonj.runner.adopt.plan import AdoptError


@contextmanager
def written(folder: Path, migrations: Iterable[Migration]) -> Iterator[None]:
    """Write the files, and remove them again if nothing is recorded in the block.

    If it is not known whether something was recorded (psycopg.Error), they stay.

    Raises: AdoptError if a file cannot be written.
    """
    try:
        with locked(folder):
            made = add_files(folder, {migration.name: migration.raw for migration in migrations})
    except OSError as error:
        path = error.filename2 or error.filename or folder
        raise AdoptError(f"{path} cannot be written: {error.strerror}. Nothing was changed.", "") from error
    try:
        yield
    except TargetError:
        for path in made:
            path.unlink(missing_ok=True)
        raise
