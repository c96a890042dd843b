"""Keep verdicts in the user's cache folder.

The key of a verdict is a hash of everything that it depends on.
A verdict depends on the schema that the rehearsal starts from, the server, the statements of all earlier
migrations, and the migration's own file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from koonj.cache_folder import CacheFolder
from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import from_plain, to_plain

FORMAT = "13"
"""Increased when this version measures or judges the same files on the same server differently."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Migrations in the order in which they run, with a hash for each state."""

    migrations: tuple[Migration, ...]
    states: tuple[str, ...]
    """`states[k]` identifies the database after the first k migrations; one item longer than `migrations`."""

    def key(self, index: int) -> str:
        """Return the cache key of the verdict on `migrations[index]`.

        It contains the hash of the whole file, because a verdict names lines, and a comment moves them.
        """
        own = self.migrations[index]
        return hash_parts(self.states[index], own.name, own.file_hash)


def make_chain(migrations: Sequence[Migration], *, server: str, start: str = "") -> Chain:
    """Return the chain of `migrations`, which run in this order.

    `server`: its version and where its binaries come from. `start`: a hash of the schema that the rehearsal
    starts from; empty for an empty database. Takes about 1 ms per file that was not parsed before.
    """
    states = [hash_parts(FORMAT, server, start)]
    for migration in migrations:
        states.append(hash_parts(states[-1], migration.exact_statements_hash))
    return Chain(tuple(migrations), tuple(states))


def server_needs(migrations: Sequence[Migration], database: str) -> tuple[frozenset[str], str]:
    """Return the extensions and the database name that the files need.

    `database`: name of the target's database; empty in the result if no file can contain it.
    """
    mentions_database = any(b"database" in migration.raw.lower() for migration in migrations)
    extensions = frozenset(
        statement.name.strip('"')
        for migration in migrations
        if b"extension" in migration.raw.lower()
        for statement in migration.sections.body.statements
        if statement.verb == "create" and statement.kind == "extension" and statement.name
    )
    return extensions, database if mentions_database else ""


def hash_catalog(catalog: Catalog) -> str:
    """Return a hash of the schema that a rehearsal starts from."""
    lines = sorted((n.kind, n.identity, o.definition, str(o.position)) for n, o in catalog.objects.items())
    return hash_parts(str(catalog.major), *(part for line in lines for part in line))


def hash_parts(*parts: str) -> str:
    """Return one hash of several texts.

    The hash also changes if text moves from the end of one part to the start of the next.
    """
    return sha256("\0".join(_escaped(parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(parts: Iterable[str]) -> Iterable[str]:
    return (f"{len(part)}:{part}" for part in parts)


class VerdictCache:
    """Verdicts on disk, by key. The methods block.

    If the folder cannot be used, nothing is stored; that is not an error.
    """

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder

    @classmethod
    def of_user(cls) -> VerdictCache:
        """Return the cache in the user's cache folder. Create the folder if needed."""
        return cls(CacheFolder.of_user("rehearsals"))

    @classmethod
    def if_filled(cls) -> VerdictCache | None:
        """Return the user's cache; None if there is none, or nothing in it."""
        folder = CacheFolder.existing("rehearsals")
        return None if folder is None else cls(folder)

    def read(self, key: str) -> Rehearsal | None:
        """Return the verdict with that key, or None.

        None also if this version of koonj cannot read it.
        """
        stored = self._folder.read(f"{key}.json")
        if stored is None:
            return None
        try:
            found = from_plain(Rehearsal, json.loads(stored))
        except ValueError:  # PlainError is a ValueError
            return None
        return found if found.cache_key == key else None

    def write(self, rehearsal: Rehearsal) -> None:
        """Store a verdict under its own key."""
        self._folder.write(f"{rehearsal.cache_key}.json", json.dumps(to_plain(rehearsal)).encode())
