"""Read a folder of another tool repeatedly, and only if something in it has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from koonj.migrations.layouts.folder_listing import FolderListing, Signature, Stamp, stamp
from koonj.migrations.layouts.layout import Layout, ToolFiles
from koonj.migrations.layouts.recognition import recognise
from koonj.migrations.layouts.tool_history import HistoryTable
from koonj.migrations.layouts.tool_writer import ToolWriter
from koonj.migrations.layouts.writers import WHY_READ_ONLY, writer_of


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """The layout of a folder that belongs to another tool."""

    layout: Layout
    evidence: str
    """By what it was recognised, for the user."""
    tables: tuple[HistoryTable, ...]
    """The tables of the tool's history."""

    @property
    def name(self) -> str:
        """The tool's name."""
        return self.layout.name

    @property
    def writer(self) -> ToolWriter | None:
        """How koonj keeps the tool's history; None if it runs none of the migrations."""
        return writer_of(self.name)

    @property
    def why_read_only(self) -> str:
        """Why koonj runs none of the migrations, as a clause; only if there is no writer."""
        return WHY_READ_ONLY[self.name]


@dataclass(frozen=True, slots=True)
class ToolFolder:
    """Content of a folder of another tool when it was read."""

    layout: FolderLayout
    files: ToolFiles
    others: int
    """Number of files that are neither migrations nor have a problem."""


class LayoutReader:
    """Reads one folder, if it belongs to another tool."""

    def __init__(self, path: Path, shown: str, declared: str) -> None:
        """`shown`: the path as the user knows it. `declared`: ``layout`` of koonj.toml, or empty."""
        self._path = path
        self._shown = shown
        self._declared = declared
        self._signature: Signature | None = None
        self._asked: Mapping[Path, Stamp | None] = {}
        self._last: ToolFolder | None = None

    def read(self) -> ToolFolder | None:
        """Return the folder as it is now; None if it is koonj's own. The same object if nothing changed.

        Raises: OSError; UnclearLayoutError.
        """
        listing = FolderListing(self._path, self._shown)
        changed = any(stamp(path) != then for path, then in self._asked.items())
        if changed or listing.signature != self._signature:
            self._last = self._read(listing)
            self._signature, self._asked = listing.signature, listing.asked
        return self._last

    def _read(self, listing: FolderListing) -> ToolFolder | None:
        found = recognise(listing, self._declared)
        if found is None:
            return None
        layout = FolderLayout(found.layout, found.evidence, tuple(found.layout.tables(listing)))
        files = found.layout.read(listing)
        named = {file for m in files.migrations for file in (m.up.file, *((m.down.file,) if m.down else ()))}
        named.update(name for name, _ in files.problems)
        return ToolFolder(layout, files, sum(name not in named for name in listing.names))
