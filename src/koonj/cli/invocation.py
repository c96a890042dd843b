"""One call of the command: what was asked, where, and where the answer goes."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from koonj import config
from koonj.cli.diagnostics import CommandError, Diagnostics, UsageError
from koonj.cli.marks import StateMarks
from koonj.cli.output import Output
from koonj.config import EMBEDDED, ConfigError, ProjectFolders, ProjectSettings, ScreenSettings, Settings
from koonj.migrations.names import FITTING

if TYPE_CHECKING:
    from koonj.migrations.folder import Folder, FolderReader
    from koonj.migrations.migration import Migration


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments, surroundings and the two streams."""

    args: Namespace
    out: Output
    err: Diagnostics
    cwd: Path
    environ: Mapping[str, str]

    @property
    def marks(self) -> StateMarks:
        """Marks that stdout can show."""
        return StateMarks(ascii_only=self.out.ascii_only)

    def settings(self) -> Settings:
        """Project and target. Raises UsageError."""
        args = self.args
        try:
            settings = config.load(
                self.cwd, migrations=args.migrations, target=args.target, dsn=args.dsn, environ=self.environ
            )
        except ConfigError as error:
            raise UsageError(str(error)) from error
        if args.dsn not in {None, EMBEDDED}:
            _parsed(args.dsn)
        return settings

    def offstage(self) -> ProjectSettings:
        """As `settings`, for what touches no target. Raises UsageError."""
        args = self.args
        try:
            return config.offstage(
                self.cwd, migrations=args.migrations, target=args.target, dsn=args.dsn, environ=self.environ
            )
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def wishes(self) -> ScreenSettings:
        """What the person's own file and koonj.toml say of the screen. Raises UsageError."""
        from koonj.config.screen import load  # noqa: PLC0415 - only the screen needs it

        try:
            return load(self.cwd, migrations=self.args.migrations, environ=self.environ)
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def places(self) -> ProjectFolders:
        """The project's folders, for what needs no target. Raises UsageError."""
        try:
            return config.places(self.cwd, migrations=self.args.migrations)
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def reader(self, migrations: Path) -> FolderReader:
        """A reader that shows paths as the person in this folder writes them."""
        from koonj.migrations.folder import FolderReader  # noqa: PLC0415 - the screen paints before it reads

        return FolderReader(migrations, self.cwd)

    def folder(self, migrations: Path) -> Folder:
        """The folder as it is now. Raises CommandError."""
        from koonj.migrations.folder import FolderError  # noqa: PLC0415 - as above

        try:
            return self.reader(migrations).read()
        except FolderError as error:
            raise CommandError(str(error)) from error


def _parsed(dsn: str) -> None:
    """Let libpq read the command line's dsn. Raises UsageError."""
    import psycopg  # noqa: PLC0415 - who gives a dsn wants a connection; the other commands start faster

    try:
        psycopg.conninfo.conninfo_to_dict(dsn)
    except (psycopg.Error, UnicodeError):
        # Without its cause: libpq's own message repeats the text, and with it a password.
        raise UsageError(
            "--dsn: it is not one that libpq understands.",
            "Write it as postgresql://user@host/database or as 'host=… dbname=… user=…'.",
        ) from None


def number_of(text: str) -> int:
    """``16``, ``016``, ``016_add_status.sql`` or a path to it -> 16. Raises UsageError."""
    if text.isascii() and text.isdigit():
        return int(text)
    fit = FITTING.fullmatch(Path(text).name)
    if fit is None:
        raise UsageError(
            f"{text!r} is neither a migration's number nor its file name.", "Look at them with: koonj status"
        )
    return int(fit[1])


def found(folder: Folder, text: str) -> Migration:
    """The one migration that a number or a file name means. Raises UsageError."""
    same = meant(folder, text)
    if len(same) > 1:
        names = ", ".join(migration.name for migration in same)
        raise UsageError(
            f"Number {number_of(text)} is used {len(same)} times: {names}.", "Give the file name."
        )
    return same[0]


def meant(folder: Folder, text: str) -> tuple[Migration, ...]:
    """Those that a number or a file name means, one or more. Raises UsageError where there is none."""
    number, named = number_of(text), not text.isdigit()
    same = tuple(
        migration
        for migration in folder.migrations
        if (migration.name == Path(text).name if named else migration.number == number)
    )
    if not same:
        raise UsageError(f"There is no migration {text} in {folder.shown_path}.", "koonj status lists them.")
    return same
