"""One call of the command: its arguments and streams, and what they refer to.

That is the project, its settings and folders, and the migration that a number or a file name means.
"""

from __future__ import annotations

import os
from argparse import Namespace
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from koonj import config
from koonj.cli.diagnostics import CommandError, Diagnostics, ExitCode, UsageError
from koonj.cli.marks import StateMarks
from koonj.cli.output import Output
from koonj.config import EMBEDDED, ConfigError, ProjectFolders, ProjectSettings, Settings, Target
from koonj.config.ci import in_ci
from koonj.migrations.names import FITTING, TO_LIST, no_migration

if TYPE_CHECKING:
    from koonj.checks.levels import Levels
    from koonj.config.check_levels import CheckSettings
    from koonj.config.screen_settings import ScreenSettings
    from koonj.migrations.folder import Folder, FolderReader
    from koonj.migrations.migration import Migration


@dataclass(frozen=True, slots=True)
class Call:
    """Arguments, current folder, environment and output streams of one call."""

    args: Namespace
    out: Output
    err: Diagnostics
    cwd: Path
    environ: Mapping[str, str]
    own_process: bool = False
    """Whether this is the koonj command, and not a program that calls `main`."""

    @property
    def at_terminal(self) -> bool:
        """Whether one of the three standard streams is a terminal."""
        return self.own_process and any(map(os.isatty, range(3)))

    def moves_runs_on(self, target: Target) -> bool:
        """Return whether a run continues in a process of its own, if no option says otherwise.

        The embedded server runs only as long as koonj processes use it, and ends with this machine in any
        case.
        """
        return self.at_terminal and not (self.args.json or self.in_ci or target.dsn == EMBEDDED)

    @property
    def in_ci(self) -> bool:
        """Whether the variable CI says that no user is here."""
        return in_ci(self.environ)

    @property
    def marks(self) -> StateMarks:
        """Glyphs of the states that stdout can show."""
        return StateMarks(ascii_only=self.out.ascii_only)

    def settings(self) -> Settings:
        """Return the settings of the project and its chosen target.

        Raises:
            UsageError: the command line, the environment or koonj.toml is invalid.
        """
        args = self.args
        try:
            settings = config.load(
                self.cwd, migrations=args.migrations, target=args.target, dsn=args.dsn, environ=self.environ
            )
        except ConfigError as error:
            raise UsageError(str(error)) from error
        if args.dsn not in {None, EMBEDDED}:
            _check_dsn(args.dsn)
        if settings.target.checks.levels:
            self._levels(settings.target.checks)
        return settings

    def project_settings(self) -> ProjectSettings:
        """Return the settings for commands that do not use a target.

        Raises:
            UsageError: as for `settings`.
        """
        args = self.args
        try:
            return config.load_without_target(
                self.cwd, migrations=args.migrations, target=args.target, dsn=args.dsn, environ=self.environ
            )
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def screen_settings(self) -> ScreenSettings:
        """Return the screen settings from the user's own file and koonj.toml.

        Raises:
            UsageError: one of the files is invalid.
        """
        from koonj.config.screen import load  # noqa: PLC0415 - only the screen needs it

        try:
            return load(self.cwd, migrations=self.args.migrations, environ=self.environ)
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def project_folders(self) -> ProjectFolders:
        """Return the folders of the project, for commands that need no other settings.

        Raises:
            UsageError: there is no project, or koonj.toml is invalid.
        """
        try:
            return config.project_folders(self.cwd, migrations=self.args.migrations, environ=self.environ)
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def check_levels(self) -> Levels:
        """Return the levels of the safety rules.

        Raises:
            UsageError: there is no project, or koonj.toml is invalid.
        """
        try:
            settings = config.check_settings(self.cwd, migrations=self.args.migrations, environ=self.environ)
        except ConfigError as error:
            raise UsageError(str(error)) from error
        return self._levels(settings)

    def _levels(self, settings: CheckSettings) -> Levels:
        """Return the levels that koonj.toml sets.

        Raises:
            UsageError: it contains an unknown code.
        """
        from koonj.checks.levels import levels_of  # noqa: PLC0415 - only for [checks] and `koonj check`

        try:
            return levels_of(settings)
        except ConfigError as error:
            raise UsageError(str(error)) from error

    def folder_reader(self, migrations: Path) -> FolderReader:
        """Return a reader of the folder.

        It shows paths relative to the current folder if that is shorter.
        """
        from koonj.migrations.folder import FolderReader  # noqa: PLC0415 - the screen paints before it reads the folder

        return FolderReader(migrations, self.cwd, self.project_folders().layout)

    def must_be_koonjs_folder(self, *, or_runnable: bool = False) -> None:
        """Check that the migrations are koonj's own, and not those of another tool.

        `or_runnable`: another tool's are good, too, if koonj can keep its history. Without a folder nothing
        is wrong here: the command itself says what is missing.

        Raises:
            CommandError: the folder belongs to another tool, or it is not clear to which.
        """
        folder = self._folder_if_any()
        if folder is None:
            return
        from koonj.migrations.folder import FolderError  # noqa: PLC0415 - as in `folder_reader`

        try:
            if or_runnable:
                folder.must_be_runnable()
            else:
                folder.must_be_koonjs()
        except FolderError as error:
            raise CommandError(str(error), code=ExitCode.DECISION) from error

    def tool_of_folder(self) -> str:
        """Return the name of the other tool that the folder belongs to; empty if it is koonj's, or missing.

        Raises: CommandError: it is not clear to which tool it belongs.
        """
        folder = self._folder_if_any()
        return "" if folder is None or folder.layout is None else folder.layout.name

    def _folder_if_any(self) -> Folder | None:
        """Return the folder of migrations; None if nothing says where it is.

        Raises: CommandError: it cannot be read, or it is not clear to which tool it belongs.
        """
        try:
            places = config.project_folders(self.cwd, migrations=self.args.migrations, environ=self.environ)
        except ConfigError:
            return None
        from koonj.migrations.folder import FolderError, FolderReader  # noqa: PLC0415 - as in `folder_reader`

        try:
            return FolderReader(places.migrations, self.cwd, places.layout).read()
        except FolderError as error:
            raise CommandError(str(error), code=ExitCode.DECISION) from error

    def read_folder(self, migrations: Path) -> Folder:
        """Read all migration files.

        Raises:
            CommandError: the folder cannot be read.
        """
        from koonj.migrations.folder import FolderError  # noqa: PLC0415 - as above

        try:
            return self.folder_reader(migrations).read()
        except FolderError as error:
            raise CommandError(str(error)) from error


def _check_dsn(dsn: str) -> None:
    """Let libpq parse the value of --dsn.

    Raises:
        UsageError: libpq does not understand it.
    """
    import psycopg  # noqa: PLC0415 - calls without --dsn may not need psycopg and start faster

    try:
        psycopg.conninfo.conninfo_to_dict(dsn)
    except (psycopg.Error, UnicodeError) as error:
        from koonj.postgres.connection_string import not_valid  # noqa: PLC0415 - as above

        # `from None`: the message of libpq repeats the text, which can contain a password.
        wrong, hint = not_valid(dsn, error)
        raise UsageError(f"--dsn {wrong}.", hint) from None


def must_be_confirmed(target: Target, confirm: str | None) -> None:
    """Check the value of --confirm of a command that never asks.

    Raises:
        UsageError: it is not the target's name, or it is missing and the target is protected.
    """
    if confirm is not None and confirm != target.name:
        raise UsageError(f"--confirm {confirm} does not match the name of the target, {target.name}.")
    if target.protected and confirm is None:
        raise UsageError(
            "Confirmation required: the target is protected. Nothing was changed.",
            f"To confirm, add --confirm {target.name}",
        )


def number_of(text: str) -> int:
    """Return 16 for ``16``, ``016``, ``016_add_status.sql`` or a path to this file.

    Raises:
        UsageError: `text` is neither a number nor the name of a migration file.
    """
    if text.isascii() and text.isdigit():
        return int(text)
    fit = FITTING.fullmatch(Path(text).name)
    if fit is None:
        raise UsageError(
            f"{text!r} is neither the number nor the file name of a migration.",
            TO_LIST,
        )
    return int(fit[1])


def find_migration(folder: Folder, text: str) -> Migration:
    """Return the one migration with this number or file name.

    Raises:
        UsageError: there is none, or several files have this number.
    """
    same = matching_migrations(folder, text)
    if len(same) > 1:
        names = ", ".join(migration.name for migration in same)
        raise UsageError(
            f"{len(same)} files have the number {number_of(text)}: {names}.",
            "Use the file name instead of the number.",
        )
    return same[0]


def _number_or_name(folder: Folder, text: str) -> int:
    """Return the number that a text means. A file of another tool can have any name.

    Raises:
        UsageError: `text` is neither a number nor the name of a migration file.
    """
    name = Path(text).name
    return next((m.number for m in folder.migrations if folder.layout and m.name == name), None) or number_of(
        text
    )


def matching_migrations(folder: Folder, text: str) -> tuple[Migration, ...]:
    """Return the migrations with this number or file name.

    Several files can have the same number.

    Raises:
        UsageError: there is none.
    """
    number, named = _number_or_name(folder, text), not text.isdigit()
    same = tuple(
        migration
        for migration in folder.migrations
        if (migration.name == Path(text).name if named else migration.number == number)
    )
    if not same:
        wrong = f"No migration has the file name {Path(text).name}." if named else no_migration(number)
        raise UsageError(wrong, TO_LIST)
    return same
