"""What a verdict depends on, as hashes: start, server, all earlier statements, its own two scripts."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from koonj.migrations.migration import Migration
from koonj.postgres.catalog.catalog import Catalog
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import from_plain, to_plain
from koonj.user_folders import CACHE, UserFolderError, koonj_folder, make_trusted

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


_UNUSED = 60 * 86400.0
"""Seconds after which a verdict that nobody asked for goes."""
_OFTEN = 86400.0
"""Seconds between two looks for such."""


class VerdictCache:
    """Verdicts by key. Blocking; a cache that cannot be used keeps nothing, and is no error."""

    def __init__(self, folder: Path | None) -> None:
        """`folder`: only the user may write to it; None: keep nothing."""
        self._folder = folder

    @classmethod
    def of_user(cls) -> VerdictCache:
        """In the user's cache folder, which is made if need be."""
        try:
            folder = make_trusted(koonj_folder(CACHE, None) / "rehearsals", 0o700)
        except UserFolderError:
            return cls(None)
        _prune(folder)
        return cls(folder)

    def read(self, key: str) -> Rehearsal | None:
        """The verdict with that key; None where there is none, or none that this koonj can read."""
        if self._folder is None:
            return None
        path = self._folder / f"{key}.json"
        try:
            found = from_plain(Rehearsal, json.loads(path.read_bytes()))
            os.utime(path)
        except (OSError, ValueError):  # PlainError is a ValueError
            return None
        return found if found.cache_key == key else None

    def write(self, rehearsal: Rehearsal) -> None:
        """Keep one."""
        if self._folder is None:
            return
        new = self._folder / f"{rehearsal.cache_key}.{secrets.token_hex(4)}.new"
        text = json.dumps(to_plain(rehearsal)).encode()
        with suppress(OSError):  # a full disk: it is rehearsed again the next time
            try:
                with open(new, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                    file.write(text)
                new.replace(self._folder / f"{rehearsal.cache_key}.json")
            finally:
                new.unlink(missing_ok=True)


def _prune(folder: Path) -> None:
    mark = folder / "pruned"
    now = time.time()
    with suppress(OSError):
        if mark.exists() and now - mark.stat().st_mtime < _OFTEN:
            return
        mark.touch()
        for path in folder.iterdir():
            if path != mark and now - path.stat().st_mtime > _UNUSED:
                path.unlink(missing_ok=True)
