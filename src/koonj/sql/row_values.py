"""A change of rows, as a value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowChange:
    """One table whose rows are changed."""

    verb: str
    """``delete``, ``truncate``, ``update``, ``insert``; ``using``: ALTER … TYPE … USING computes anew."""
    table: str
    """As it is written; empty where that is known only as it runs."""
    columns: tuple[str, ...] = ()
    """Of an update or a using: what it sets, as it is written; empty where that is not plain."""
    everything: bool = False
    """A delete without WHERE."""

    @property
    def plain_table(self) -> str:
        """Without schema, as the catalog has it."""
        return plain_name(self.table)


def plain_name(name: str) -> str:
    """The last part of a name as the catalog has it: without quotes, in lower case where it has none."""
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
