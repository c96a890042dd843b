"""Keep the names that the files make, as a rehearsal leaves them, for the forms of patterns.

The key is a hash of the statements that made them, in their order. It does not depend on the server, because
the names do not.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from koonj.cache_folder import CacheFolder
from koonj.patterns.catalog_snapshot import CatalogSnapshot
from koonj.runner.rehearse.cache import make_chain
from koonj.runner.run.codec import from_plain, to_plain

if TYPE_CHECKING:
    from koonj.migrations.migration import Migration

_FORMAT = 1
"""Increased when this version reads or keeps the same names differently."""


@dataclass(frozen=True, slots=True)
class RehearsedNames:
    """The names after the first `count` files of a folder."""

    count: int
    catalog: CatalogSnapshot


class NamesCache:
    """Names on disk. The methods block; what cannot be stored or read is not there."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder

    @classmethod
    def of_user(cls) -> NamesCache:
        """Return the cache in the user's cache folder. Create the folder if needed."""
        return cls(CacheFolder.of_user("names"))

    def has(self, migrations: Sequence[Migration]) -> bool:
        """Return whether the names after all of these files are there."""
        return self._folder.read(_file(_states(migrations)[-1])) is not None

    def keep(self, migrations: Sequence[Migration], catalog: CatalogSnapshot) -> None:
        """Store the names after all of these files, without sizes: no rows are those of a target."""
        relations = tuple(replace(one, size=None, rows=None) for one in catalog.relations)
        plain = [_FORMAT, to_plain(replace(catalog, relations=relations))]
        content = zlib.compress(json.dumps(plain).encode("utf-8", "surrogatepass"), 1)
        self._folder.write(_file(_states(migrations)[-1]), content)

    def newest(self, migrations: Sequence[Migration]) -> RehearsedNames | None:
        """Return the names after as many of these files as were rehearsed; None if none was."""
        states = _states(migrations)
        for count in range(len(migrations), 0, -1):
            stored = self._folder.read(_file(states[count]))
            found = None if stored is None else _read(stored)
            if found is not None:
                return RehearsedNames(count, found)
        return None


def _states(migrations: Sequence[Migration]) -> tuple[str, ...]:
    return make_chain(migrations, server="").states


def _file(state: str) -> str:
    return f"{state}.json"


def _read(stored: bytes) -> CatalogSnapshot | None:
    try:
        form, plain = json.loads(zlib.decompress(stored))
        if form != _FORMAT:
            return None
        extensions = {str(name): bool(there) for name, there in plain.pop("extensions").items()}
        return replace(from_plain(CatalogSnapshot, plain), extensions=extensions)
    except (zlib.error, ValueError, TypeError, KeyError, AttributeError):  # damaged, or of another version
        return None
