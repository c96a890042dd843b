"""What a verdict depends on, as hashes: start, server, all earlier statements, its own two scripts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog

FORMAT = "6"
"""Changed when the same files on the same server would be measured or judged otherwise."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The migrations in the order in which they run, and a hash of all statements up to each of them."""

    migrations: tuple[Migration, ...]
    states: tuple[str, ...]
    """`states[k]` names the database after the first k migrations; one longer than `migrations`."""

    def key(self, index: int) -> str:
        """Of the verdict on `migrations[index]`, which tells lines of its file: a comment moves them."""
        own = self.migrations[index]
        return hash_parts(self.states[index], own.name, own.file_hash)


def chain(migrations: Sequence[Migration], *, server: str, start: str = "") -> Chain:
    """Of `migrations`, run in this order.

    `server`: its version and where its programs come from. `start`: what it begins from, empty: nothing.
    Takes a millisecond a file where they were not read before.
    """
    states = [hash_parts(FORMAT, server, start)]
    for migration in migrations:
        states.append(hash_parts(states[-1], migration.fingerprints.statements))
    return Chain(tuple(migrations), tuple(states))


def hash_of(catalog: Catalog) -> str:
    """Of a schema that a rehearsal begins from."""
    lines = sorted((n.kind, n.identity, o.definition, str(o.position)) for n, o in catalog.objects.items())
    return hash_parts(str(catalog.major), *(part for line in lines for part in line))


def hash_parts(*parts: str) -> str:
    """One hash of several texts, which differs where the border between two of them moves."""
    return sha256("\0".join(_escaped(parts)).encode("utf-8", "surrogatepass")).hexdigest()


def _escaped(parts: Iterable[str]) -> Iterable[str]:
    return (f"{len(part)}:{part}" for part in parts)
