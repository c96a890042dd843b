"""Define a change of rows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowChange:
    """A change of rows in one table."""

    verb: str
    """``delete``, ``truncate``, ``update``, ``insert`` or ``using``.

    ``using``: ALTER … TYPE … USING recomputes the column.
    """
    table: str
    """The name as written; empty if it is known only at run time."""
    columns: tuple[str, ...] = ()
    """For an update or using: the columns that it sets, as written.

    Empty if they cannot be read.
    """
    everything: bool = False
    """Whether it is a DELETE without WHERE."""

    @property
    def plain_table(self) -> str:
        """The table's name without its schema, as in the catalog."""
        return plain_name(self.table)


def plain_name(name: str) -> str:
    """Return the last part of a name as in the catalog.

    Quotes are removed; a name without quotes is in lower case.
    """
    last = _last_part(name)
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.lower()


def _last_part(name: str) -> str:
    if name.endswith('"'):
        start = len(name) - 1
        while True:
            start = name.rindex('"', 0, start)
            if start == 0 or name[start - 1] != '"':
                return name[start:]
            start -= 1
    return name.rpartition(".")[2]
