"""What a person wishes of the screen: the tables [screen] and [keys].

They stand in the person's own file, ``$XDG_CONFIG_HOME/koonj/config.toml`` (XDG Base Directory Specification:
``~/.config`` where the variable is not set), and in koonj.toml. The person's own goes before the project's,
wish by wish: it is the person's screen. Only the screen reads them, so no other command fails because of one.
The variable KOONJ_REHEARSE, which is said later, goes before both.
"""

from collections.abc import Mapping
from pathlib import Path

from koonj.config import project
from koonj.config.rehearsal import switched
from koonj.config.toml_file import TomlError, TomlFile
from koonj.config.values import ConfigError, KeySetting, ScreenSettings, ThemeSetting

TABLES = ("screen", "keys")
"""The tables of the screen."""
_SCREEN = ("theme", "mouse", "ascii", "rehearse")
_OWN = Path("koonj/config.toml")


def load(cwd: Path, *, migrations: Path | None = None, environ: Mapping[str, str]) -> ScreenSettings:
    """The wishes of the project around `cwd` and of the person. Raises ConfigError."""
    found = project.find(cwd, migrations)
    path = own_file(environ)
    said = ScreenSettings(rehearse=switched(environ))
    try:
        wishes = ScreenSettings() if found.file is None else _of_file(found.file)
        if path is None or not path.exists():
            return said.over(wishes)
        own = TomlFile(path, shown_path(path, environ))
        own.only((), TABLES)
        return said.over(_of_file(own).over(wishes))
    except TomlError as error:
        raise ConfigError(str(error)) from error


def own_file(environ: Mapping[str, str]) -> Path | None:
    """Where the person's own file is, or would be; None where there is no home."""
    given, home = environ.get("XDG_CONFIG_HOME", ""), environ.get("HOME", "")
    if Path(given).is_absolute():
        return Path(given) / _OWN
    return Path(home) / ".config" / _OWN if Path(home).is_absolute() else None


def shown_path(path: Path, environ: Mapping[str, str]) -> str:
    """A path as a person writes it: with a ``~`` where it is in the home."""
    home = Path(environ.get("HOME", ""))
    return (
        str("~" / path.relative_to(home)) if home.is_absolute() and path.is_relative_to(home) else str(path)
    )


def _of_file(file: TomlFile) -> ScreenSettings:
    """Raises TomlError."""
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
    """One key or an array of them; an empty one is none. Raises TomlError."""
    given = file.table(keys[:-1])[keys[-1]]
    listed = given if isinstance(given, list) else [given]
    if not all(isinstance(key, str) for key in listed):
        file.fail(keys, f'{".".join(keys)} must be a key such as "ctrl+a", or an array of keys; [] for none.')
    return tuple(str(key) for key in listed if key)


def _where(file: TomlFile, keys: tuple[str, ...]) -> str:
    return f"{file.shown}:{file.line(keys)}"
