"""Read the user's screen settings: the [screen] and [keys] tables.

They are in the user's own file, ``$XDG_CONFIG_HOME/koonj/config.toml`` (XDG Base Directory Specification:
``~/.config`` if the variable is not set), and in koonj.toml. For each setting, the user's file has priority
over the project's, because it is the user's screen. Only the screen reads these tables, so an error in them
does not make other commands fail. The variable KOONJ_REHEARSE has priority over both files.
"""

from collections.abc import Mapping
from pathlib import Path

from koonj.config import project
from koonj.config.rehearsal import switched
from koonj.config.screen_settings import KeySetting, ScreenSettings, ThemeSetting
from koonj.config.settings import ConfigError
from koonj.config.toml_file import TomlError, TomlFile

TABLES = ("screen", "keys")
"""The tables with screen settings."""
_SCREEN = ("theme", "mouse", "ascii", "rehearse")
_OWN = Path("koonj/config.toml")


def load(cwd: Path, *, migrations: Path | None = None, environ: Mapping[str, str]) -> ScreenSettings:
    """Return the screen settings of the user and of the project around `cwd`.

    Raises:
        ConfigError: a file or KOONJ_REHEARSE cannot be used.
    """
    found = project.find(cwd, migrations, environ)
    from_environment = ScreenSettings(rehearse=switched(environ))
    try:
        project_settings = ScreenSettings() if found.file is None else _of_file(found.file)
    except TomlError as error:
        raise ConfigError(str(error)) from error
    own = own_settings(environ)
    return from_environment.with_defaults(
        project_settings if own is None else own.with_defaults(project_settings)
    )


def own_settings(environ: Mapping[str, str]) -> ScreenSettings | None:
    """Return the settings of the user's own file; None if there is no such file.

    Raises:
        ConfigError: it cannot be used.
    """
    path = own_file(environ)
    if path is None or not path.exists():
        return None
    try:
        file = TomlFile(path, shown_path(path, environ))
        file.only((), TABLES)
        return _of_file(file)
    except TomlError as error:
        raise ConfigError(str(error)) from error


def own_file(environ: Mapping[str, str]) -> Path | None:
    """Return the path of the user's own file; None without a home.

    The file does not have to exist.
    """
    given, home = environ.get("XDG_CONFIG_HOME", ""), environ.get("HOME", "")
    if Path(given).is_absolute():
        return Path(given) / _OWN
    return Path(home) / ".config" / _OWN if Path(home).is_absolute() else None


def shown_path(path: Path, environ: Mapping[str, str]) -> str:
    """Return a path as the user writes it, with ``~`` for the home folder."""
    home = Path(environ.get("HOME", ""))
    return (
        str("~" / path.relative_to(home)) if home.is_absolute() and path.is_relative_to(home) else str(path)
    )


def _of_file(file: TomlFile) -> ScreenSettings:
    """Return the screen settings of one file.

    Raises:
        TomlError: a setting is invalid.
    """
    file.only(("screen",), _SCREEN)
    theme = file.get(("screen", "theme"), str)
    return ScreenSettings(
        theme=None if theme is None else ThemeSetting(theme, _where(file, ("screen", "theme"))),
        mouse=file.get(("screen", "mouse"), bool),
        ascii_only=file.get(("screen", "ascii"), bool),
        rehearse=file.get(("screen", "rehearse"), bool),
        keys=tuple(
            KeySetting(name, _keys(file, ("keys", name)), _where(file, ("keys", name)))
            for name in file.table(("keys",))
        ),
    )


def _keys(file: TomlFile, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return one key or an array of keys; an empty string is no key.

    Raises:
        TomlError: the value is neither a key nor an array of keys.
    """
    given = file.table(keys[:-1])[keys[-1]]
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(key, str) for key in listed):
        file.fail(keys, f'{".".join(keys)} must be a key such as "ctrl+a", or an array of keys; [] for none.')
    return tuple(str(key) for key in listed if key)


def _where(file: TomlFile, keys: tuple[str, ...]) -> str:
    return f"{file.shown}:{file.line(keys)}"
