"""Create a first koonj.toml and a migrations folder (``koonj init``)."""

import os
from pathlib import Path

from koonj.config import FILE_NAME, FOLDERS, ConfigError

_TEXT = """\
# koonj configuration. Paths are relative to this file.
migrations = "{migrations}"
# patterns = "database/patterns"   # your own patterns, in addition to the built-in ones

# The target that `koonj` uses if there is no --target:
default = "local"

[targets.local]
dsn = "embedded"                   # a PostgreSQL that koonj runs for you; nothing to set up

# [targets.staging]
# dsn = "service=staging"          # URL or libpq keywords; a service, PG* and ~/.pgpass work too

# [targets.production]
# dsn = "host=db.example.com dbname=app user=migrator sslmode=verify-full"
# password = {{ command = "pass show db" }}   # or {{ env = "NAME" }}, {{ file = "PATH" }}; never in the dsn
# ssh = "bastion"                  # connect through this host of your ~/.ssh/config
# protected = true                 # asks you to type the target's name before a change
# lock_wait = "2min"               # maximum time to try to get the locks of a migration (default: 10min)
# max_stall = "200ms"              # maximum time that others wait behind one try (default: 500ms)
# lock_timeout = "2s"              # maximum time that a statement queues for rows (default: 5s)
# role = "app_owner"               # SET ROLE after connecting
"""


def starter(migrations: str = FOLDERS[0]) -> str:
    """Return the text of a first koonj.toml."""
    return _TEXT.format(migrations=migrations)


def init(root: Path) -> tuple[Path, ...]:
    """Create koonj.toml in `root`, and the migrations folder if there is none.

    Returns the paths it created, in that order. An existing migrations folder is kept, and named in
    koonj.toml.

    Raises: ConfigError if koonj.toml exists, or if something cannot be created. Never overwrites a file.
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
        raise ConfigError(f"{error.filename} already exists. koonj init does not overwrite it.") from error
    except OSError as error:
        raise ConfigError(
            f"{error.filename}: cannot be created: {error.strerror or os.strerror(error.errno or 0)}."
        ) from error
    return (file, folder) if new else (file,)


def _missing(folder: Path) -> list[Path]:
    """Return the folders that must be created, outermost first."""
    missing = [folder] if not folder.exists() else []
    while missing and not missing[0].parent.exists():
        missing.insert(0, missing[0].parent)
    return missing
