"""Read from koonj.toml whether `koonj check` asks squawk, too: ``[checks] squawk``."""

from collections.abc import Mapping
from pathlib import Path

from koonj.config import project
from koonj.config.settings import ConfigError
from koonj.config.toml_file import TomlError


def wants_squawk(cwd: Path, *, migrations: Path | None, environ: Mapping[str, str]) -> bool:
    """Return whether squawk is asked if it is installed. True if koonj.toml says nothing.

    Raises:
        ConfigError: koonj.toml cannot be used.
    """
    file = project.find(cwd, migrations, environ).file
    if file is None:
        return True
    try:
        return file.get(("checks", "squawk"), bool) is not False
    except TomlError as error:
        raise ConfigError(str(error)) from error
