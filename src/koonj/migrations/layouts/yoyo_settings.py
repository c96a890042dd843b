"""What yoyo.ini says: the folders of migrations, and the name of the table.

Source: yoyo 9.0.0, yoyo/config.py. ``%inherit`` and ``%include`` are not followed.
"""

from __future__ import annotations

from configparser import Error, RawConfigParser
from dataclasses import dataclass
from fnmatch import fnmatchcase

_TABLE = "_yoyo_migration"


@dataclass(frozen=True, slots=True)
class YoyoSettings:
    """The settings of yoyo.ini that koonj uses."""

    table: str = _TABLE
    """Name of the table with the history, without a schema."""
    sources: tuple[str, ...] = ()
    """Folders of migrations, as written; none if the file does not say."""

    def has_source(self, folder: str) -> bool:
        """Return whether a folder of this name can be one of the sources. Its place is not compared."""
        names = [source.rstrip("/").rpartition("/")[2].rpartition(":")[2] for source in self.sources]
        return not names or any(fnmatchcase(folder, name) for name in names)


def yoyo_settings(text: str) -> YoyoSettings:
    """Return the settings; the defaults if the text is not one that yoyo reads."""
    parser = RawConfigParser(strict=False)
    try:
        parser.read_string(text)
    except Error:
        return YoyoSettings()
    found = parser.defaults()
    table = found.get("migration_table", "").strip()
    return YoyoSettings(
        table if table and "%" not in table else _TABLE, tuple(found.get("sources", "").split())
    )
