"""What koonj asks of the layout of another tool: its folder, its files, its history, its states.

A layout is an object without state, `LAYOUT` in the module of its tool. It reads files only through a
`FolderListing`, and never a database: it names the tables, and `koonj.postgres.tool_history` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol

from koonj.migrations.layouts.folder_listing import FolderListing
from koonj.migrations.layouts.tool_history import HistoryTable, ToolHistory
from koonj.migrations.layouts.tool_migration import ToolMigration
from koonj.migrations.migration_status import MigrationStatus
from koonj.sql.problem import Problem


class Strength(IntEnum):
    """How sure it is that a folder belongs to a tool. The strongest evidence decides."""

    SHAPE = 1
    """The names of the files look like it; other tools have the same names."""
    MARKER = 2
    """The text of the files has the tool's own markers."""
    KOONJ = 3
    """Only for koonj's own files: at least half of the ``NNN_name.sql`` have no marker of any tool."""
    TOOL_FILE = 4
    """A file that only this tool makes is in the folder, or in a folder above it."""
    KOONJ_TRANSACTION = 5
    """Only for koonj's own files with BEGIN and COMMIT."""
    TOOL_FOLDER = 6
    """The folder itself is the tool's: what is in it, or its place, is made by the tool only."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Why a folder belongs to a tool."""

    strength: Strength
    words: str
    """What was found, for the user: ``*.sql with '-- migrate:up'``."""


class Record(Enum):
    """What the history of a tool says about a migration that was applied."""

    ROW = "row only, no checksum"
    NEWEST = "inferred from the newest version"
    """The history has one row, and what comes before it is taken as applied."""
    CHECKSUM = "text proved by its checksum"
    """The history has a checksum of each file: a state without a note says that it is equal."""


@dataclass(frozen=True, slots=True)
class ToolFiles:
    """The files of a folder, as the tool reads them."""

    migrations: tuple[ToolMigration, ...] = ()
    """In the order in which the tool runs them."""
    problems: tuple[tuple[str, Problem], ...] = ()
    """Pairs (file name, problem): what koonj cannot read, or the tool would refuse, with the reason."""


class Layout(Protocol):
    """The layout of one tool."""

    @property
    def name(self) -> str:
        """The tool's name, as in ``layout = "dbmate"`` of koonj.toml."""

    @property
    def record(self) -> Record:
        """What its history records of a migration."""

    def recognise(self, listing: FolderListing) -> Evidence | None:
        """Return why the folder belongs to this tool; None if nothing says so."""

    def read(self, listing: FolderListing) -> ToolFiles:
        """Return the migrations of the folder, and what cannot be read. Never raises: errors are problems."""

    def tables(self, listing: FolderListing) -> Sequence[HistoryTable]:
        """Return the tables of the tool's history. The first is the history itself.

        Tables with the same `HistoryTable.key` are forms of one table, of which a database has one.
        """

    def states(
        self, migrations: Sequence[ToolMigration], history: ToolHistory
    ) -> tuple[MigrationStatus, ...]:
        """Return the status of each migration and of each row without a file, in the tool's order.

        Raises: ToolHistoryError if the rows cannot be of this tool.
        """
