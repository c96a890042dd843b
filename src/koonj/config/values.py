"""What koonj.toml, the command line and the environment say, as values."""

from dataclasses import dataclass
from pathlib import Path

EMBEDDED = "embedded"
"""The dsn of the server that koonj runs itself."""

FILE_NAME = "koonj.toml"
FOLDERS = ("database/migrations", "db/migrations", "migrations")
"""Where migrations are looked for, upward from the working directory, where there is no koonj.toml."""


@dataclass(frozen=True, slots=True)
class Password:
    """Where a password comes from; the password itself is read when a connection is made, and never kept."""

    source: str
    """``env``, ``file`` or ``command``."""
    value: str
    """Of a file: its absolute path."""


@dataclass(frozen=True, slots=True)
class ScratchPlace:
    """Where rehearsals take place."""

    dsn: str | None = None
    """A server on which koonj may make and drop databases; None for one that koonj runs itself."""
    password: Password | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A named database: where to connect, and how careful to be there."""

    name: str
    dsn: str
    """``embedded``, or anything that libpq takes; empty for libpq's own defaults and PG* variables."""
    protected: bool = False
    """A change asks for the target's name, typed."""
    lock_timeout: str = "5s"
    """PostgreSQL's own notation."""
    role: str | None = None
    """SET ROLE after connecting."""
    password: Password | None = None
    database: str = ""
    """Of an embedded target: the database's name; koonj creates it. Empty otherwise."""
    require_verified: bool = False
    """Apply refuses what no rehearsal has verified; the default of a protected target."""
    declared: bool = False
    """It is koonj.toml's, so that ``--target NAME`` names it; False of a dsn from outside."""


@dataclass(frozen=True, slots=True)
class ProjectFolders:
    """Where a project keeps things; enough for what needs no database."""

    root: Path
    """The folder of koonj.toml, or the one in which the migrations folder was found."""
    migrations: Path
    patterns: Path
    """The project's own patterns; it may not exist."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one project's koonj.toml, the command line and the environment say together."""

    root: Path
    """The folder of koonj.toml, or the one in which the migrations folder was found."""
    migrations: Path
    patterns: Path
    """The project's own patterns; it may not exist."""
    targets: tuple[Target, ...]
    target: Target
    """The chosen one; always in `targets`."""
    scratch: ScratchPlace = ScratchPlace()


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """What a project says that is enough for what touches no target."""

    places: ProjectFolders
    scratch: ScratchPlace
    target: Target | None
    """The one that would be meant; None where there is none, which is well."""


@dataclass(frozen=True, slots=True)
class ThemeSetting:
    """A theme's name, and where it is asked for: ``koonj.toml:5``."""

    name: str
    where: str


@dataclass(frozen=True, slots=True)
class KeySetting:
    """The keys that a person wants for a command, and where that is written: ``koonj.toml:5``."""

    command: str
    """Its name; whether there is such a command, the screen knows."""
    keys: tuple[str, ...]
    """As they are written there; none where the command is to have no key."""
    where: str


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """What a person wishes of the screen; None where nothing is said."""

    theme: ThemeSetting | None = None
    mouse: bool | None = None
    ascii_only: bool | None = None
    rehearse: bool | None = None
    """Are pending and edited migrations rehearsed while nobody asks? Yes, unless this is False."""
    keys: tuple[KeySetting, ...] = ()
    """At most one of each command."""

    def over(self, other: "ScreenSettings") -> "ScreenSettings":
        """These wishes, and where they say nothing those of `other`."""
        mine = {wish.command for wish in self.keys}
        return ScreenSettings(
            theme=self.theme or other.theme,
            mouse=other.mouse if self.mouse is None else self.mouse,
            ascii_only=other.ascii_only if self.ascii_only is None else self.ascii_only,
            rehearse=other.rehearse if self.rehearse is None else self.rehearse,
            keys=(*self.keys, *(wish for wish in other.keys if wish.command not in mine)),
        )


class ConfigError(Exception):
    """The configuration or the command line cannot be used. The message says what, where and what to do."""
