"""Read the names in a target's catalog for the pattern form, and say from where they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from koonj.config import Target
from koonj.humanize import count
from koonj.patterns.catalog_snapshot import CatalogSnapshot
from koonj.tui.workers.backend import Backend

if TYPE_CHECKING:
    from koonj.postgres.connector import Connector


@dataclass(frozen=True, slots=True)
class TargetNames:
    """The names of a target, as far as they are known."""

    target: str
    pending: int = 0
    """Number of migrations that are not applied there."""
    catalog: CatalogSnapshot | None = None
    """None while they are read, and if they cannot be read."""
    is_read: bool = False

    @property
    def words(self) -> str:
        """From where the names are, and what can be missing."""
        if self.catalog is None:
            return f"No names: {self.target} cannot be read." if self.is_read else f"Reading {self.target} …"
        if self.pending:
            return (
                f"Names from {self.target}, without what {count(self.pending, 'pending file')} would create."
            )
        more = "; not all of its objects" if self.catalog.is_cut else ""
        return f"Names from {self.target}{more}."


async def read_names(backend: Backend, target: Target) -> CatalogSnapshot | None:
    """Return the names in the target's catalog; None if they cannot be read: the form works without them."""

    async def read(connector: Connector) -> CatalogSnapshot | None:
        import psycopg  # noqa: PLC0415 - the first paint does not wait for it

        from koonj.postgres.connector import ConnectError  # noqa: PLC0415 - as above
        from koonj.postgres.form_catalog import read_form_catalog  # noqa: PLC0415 - as above

        try:
            return await read_form_catalog(connector, target)
        except (ConnectError, psycopg.Error):
            return None

    return await backend.read_with(read)
