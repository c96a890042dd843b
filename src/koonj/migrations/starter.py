"""``koonj init``: a koonj.toml and a folder to begin with."""

import os
from pathlib import Path

from koonj.config import FILE_NAME, FOLDERS, ConfigError

_TEXT = """\
# What koonj knows of this project. Paths are relative to this file.
migrations = "{migrations}"
# patterns = "database/patterns"   # your own patterns, beside koonj's

# Where `koonj` works unless --target says otherwise:
default = "local"

[targets.local]
dsn = "embedded"                   # a PostgreSQL that koonj runs for you; nothing to set up

# [targets.staging]
# dsn = "service=staging"          # all that libpq knows: URL, keywords, service, PG*, ~/.pgpass

# [targets.production]
# dsn = "host=db.example.com dbname=app user=migrator sslmode=verify-full"
# password = {{ command = "pass show db" }}   # or {{ env = "NAME" }}, {{ file = "PATH" }}; never in the dsn
# protected = true                 # a change asks for the target's name, typed
# lock_timeout = "2s"              # wait for a lock at most so long; 5s unless set
# role = "app_owner"               # SET ROLE after connecting
"""


def starter(migrations: str = FOLDERS[0]) -> str:
    """The text of a first koonj.toml."""
    return _TEXT.format(migrations=migrations)


def init(root: Path) -> tuple[Path, ...]:
    """Makes koonj.toml in `root`, and the migrations folder where there is none; what it made, in that order.

    An existing migrations folder is kept and named. Raises ConfigError where koonj.toml exists, or where
    something cannot be made; nothing is overwritten.
    """
    name = next((name for name in FOLDERS if (root / name).is_dir()), FOLDERS[0])
    file, folder = root / FILE_NAME, root / name
    try:
        new = _missing(folder)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with file.open("x", encoding="utf-8", newline="\n") as out:
                out.write(starter(name))
        except BaseException:
            for made in reversed(new):
                made.rmdir()
            raise
    except FileExistsError as error:
        raise ConfigError(f"{error.filename} exists already; koonj init does not overwrite it.") from error
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be made: {error.strerror or os.strerror(error.errno or 0)}."
        ) from error
    return (file, folder) if new else (file,)


def _missing(folder: Path) -> list[Path]:
    """The folders that have to be made, outermost first."""
    missing = [folder] if not folder.exists() else []
    while missing and not missing[0].parent.exists():
        missing.insert(0, missing[0].parent)
    return missing
