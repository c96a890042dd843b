"""Keep what koonj read from the texts of a folder's files, so that only new texts are parsed again.

The values are stored under the SHA-256 of the file's bytes, in one file for each migrations folder, below
``koonj/files`` in the user's cache folder. Its first line names the parser, and has a hash of the rest. A
file of another parser, or one that is damaged, is not used. What koonj runs is not stored: it is parsed.
"""

import os
import sys
from collections.abc import Collection
from functools import cache
from hashlib import sha256
from pathlib import Path

from koonj import release_contents

FOLDER = "files"
"""Name of the folder in koonj's part of the user's cache folder."""
WORTHWHILE = 256 * 1024
"""Bytes of migration files from which on koonj uses the cache. Fewer are parsed in less time."""
_MOST = 200
"""Parts of one value, such as problems of a file. A longer value is not kept."""
_MAX_BYTES = 32 * 1024 * 1024
"""Bytes of the values of one folder."""
_SPARE = 1000
"""Number of files that are not in the folder any more whose values are kept, even in a small folder."""

_IN_A_LINE = 200
"""Files in one line of JSON. No other thread runs while koonj reads or writes a line, and the screen must not
wait for it.
"""

_Values = dict[str, object]


class ParseCache:
    """The values of one folder's files, by the hash of their bytes. They are read when they are first needed.

    Two processes can use it at once. If both store values, those of one of them are lost, and parsed again.
    """

    def __init__(self, folder: Path) -> None:
        """`folder`: the migrations folder."""
        self._folder = folder
        self._known: dict[str, _Values] | None = None
        self._new = False
        self.size = 0
        """Number of bytes of the folder's files."""

    def find(self, file_hash: str, name: str) -> object:
        """Return the value `name` of the file with that hash; None if it is not known."""
        if self.size < WORTHWHILE:
            return None
        values = self._values().get(file_hash)
        return None if values is None else values.get(name)

    def add(self, file_hash: str, name: str, value: object) -> None:
        """Remember a value, which must be plain: what JSON can represent, but not None."""
        if self.size >= WORTHWHILE and not (isinstance(value, list) and len(value) > _MOST):
            self._values().setdefault(file_hash, {})[name] = value
            self._new = True

    def save(self, current: Collection[str]) -> None:
        """Store the values on disk if there are new ones. `current`: hashes of the folder's files now.

        Values of other files, such as those of another git branch, are kept as long as there is room.
        """
        parser = _parser() if self._new else None
        if parser is None:
            return
        from koonj.cache_folder import CacheFolder  # noqa: PLC0415 - not for small folders, which start faster

        self._new = False
        values = dict(self._values())
        now = {file_hash: values.pop(file_hash) for file_hash in current if file_hash in values}
        room = max(len(now), _SPARE)
        stored = dict(list(values.items())[-room:]) | now  # the oldest first
        content = _encoded(stored)
        while len(content) > _MAX_BYTES:
            stored = dict(list(stored.items())[len(stored) // 2 + 1 :])
            content = _encoded(stored)
        CacheFolder.of_user(FOLDER).write(self._file_name(), _header(parser, content) + content)

    def _values(self) -> dict[str, _Values]:
        if self._known is None:
            self._known = self._read()
        return self._known

    def _read(self) -> dict[str, _Values]:
        import json  # noqa: PLC0415 - not for small folders, which start faster

        from koonj.cache_folder import CacheFolder  # noqa: PLC0415 - as above

        parser = _parser()
        stored = None if parser is None else CacheFolder.of_user(FOLDER).read(self._file_name())
        if parser is None or stored is None:
            return {}
        header, line_end, content = stored.partition(b"\n")
        if header + line_end != _header(parser, content):
            return {}
        try:
            found = dict(entry for line in content.splitlines() for entry in json.loads(line).items())
        except (ValueError, AttributeError):
            return {}
        return found if all(isinstance(values, dict) for values in found.values()) else {}

    def _file_name(self) -> str:
        return f"{sha256(os.fsencode(os.path.realpath(self._folder))).hexdigest()[:32]}.json"


def _encoded(values: dict[str, _Values]) -> bytes:
    import json  # noqa: PLC0415 - as above

    entries = list(values.items())
    parts = (dict(entries[at : at + _IN_A_LINE]) for at in range(0, len(entries), _IN_A_LINE))
    return b"\n".join([json.dumps(part, separators=(",", ":")).encode() for part in parts])


def _header(parser: str, content: bytes) -> bytes:
    return f"koonj {parser} {sha256(content).hexdigest()}\n".encode()


@cache
def _parser() -> str | None:
    """Return a hash of the code that reads a file's text; None if its source cannot be read.

    So no value outlives a change of the code, not even in a development copy. A release file contains a hash
    of everything in it.
    """
    digest = sha256(f"{sys.version} {release_contents.DIGEST}".encode())
    if release_contents.DIGEST:
        return digest.hexdigest()
    top = Path(__file__).parent.parent
    try:
        for source in parser_sources(top):
            content = source.read_bytes()
            digest.update(f"{source.relative_to(top)} {len(content)}\n".encode() + content)
    except OSError:
        return None
    return digest.hexdigest()


def parser_sources(top: Path) -> list[Path]:
    """Return the modules on which parsed values depend. `top`: the folder of the package koonj."""
    folders = ("sql/**/*.py", "migrations/*.py", "config/*.py", "checks/**/*.py")
    return [*sorted(path for pattern in folders for path in top.glob(pattern)), top / "humanize.py"]
