"""What is found in a large file, in a process of its own.

There its work holds a lock, and its garbage is collected, for which no key waits; and unlike a thread it
ends when nobody wants to know any more. What it finds it tells in messages: a line of JSON with two sizes,
and as many bytes of JSON and of plain text, which is not read as JSON since that would take too long.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.analysis import Analysis, analyze
from koonj.tui.documents.chunks import Segment, segments

_SETTLED = 0.2
"""Seconds that the cursor must have stayed on it."""
_CHUNK = 256 * 1024
"""Bytes that are written at once."""
_BATCH = 256
"""Pieces that are told at once: a megabyte of text."""


@dataclass(frozen=True, slots=True)
class TextPieces:
    """Where colouring of the text (without its byte-order mark) may begin; the first ones begin at 0."""

    pieces: tuple[Segment, ...]
    end: int
    """Up to where the pieces so far are known."""


async def read_apart(migration: Migration) -> AsyncGenerator[TextPieces | Analysis, None]:
    """Pieces as they are found, and last the facts. Raises OSError, or RuntimeError where it failed."""
    await asyncio.sleep(_SETTLED)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, migration.name, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for at in range(0, len(migration.raw), _CHUNK):
            process.stdin.write(migration.raw[at : at + _CHUNK])
            await process.stdin.drain()
        process.stdin.close()
        async for found in _told(process.stdout):
            yield found
    except asyncio.IncompleteReadError as error:
        raise RuntimeError(f"its reader ended with {await process.wait()}") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _told(stream: asyncio.StreamReader) -> AsyncIterator[TextPieces | Analysis]:
    """Every message, up to the facts. Raises IncompleteReadError."""
    while True:
        header = await stream.readexactly(_HEADER)
        sizes = [int(size) for size in header.split()]
        values, *texts = [await stream.readexactly(size) for size in sizes]
        found = json.loads(values)
        if "end" in found:
            yield TextPieces(tuple(map(tuple, found["pieces"])), found["end"])
            continue
        rollback, statements = [text.decode("utf-8", "surrogatepass") for text in texts[:2]]
        yield _facts_of(found, rollback, statements)
        return


_HEADER = 48
"""Bytes: three numbers and blanks."""


def _facts_of(found: dict[str, Any], rollback: str, statements: str) -> Analysis:
    problems = tuple(Problem(**{**p, "severity": Severity(p["severity"])}) for p in found.pop("problems"))
    pieces = tuple(map(tuple, found.pop("rollback_pieces")))
    has_rollback = found.pop("rollback") is not None
    return Analysis(
        **{**found, "statements": statements},
        rollback=rollback if has_rollback else None,
        rollback_pieces=pieces,
        problems=problems,
    )


def _main() -> None:
    """Read a migration's bytes from standard input; write what is found."""
    migration = Migration(0, sys.argv[1], "", "", sys.stdin.buffer.read(), "")
    text = migration.text.removeprefix("\ufeff")
    for pieces in _batches(text):
        _tell(asdict(pieces))
    found = analyze(migration)
    rollback = None if found.rollback is None else ""
    _tell(
        asdict(replace(found, rollback=rollback, statements=None)),
        found.rollback or "",
        found.statements or "",
    )


def _batches(text: str) -> Iterator[TextPieces]:
    batch: list[Segment] = []
    for piece in segments(text):
        batch.append(piece)
        if len(batch) >= _BATCH:
            yield TextPieces(tuple(batch), piece[0])
            batch = []
    yield TextPieces(tuple(batch), len(text))


def _tell(values: dict[str, Any], *texts: str) -> None:
    parts = [json.dumps(values).encode(), *(text.encode("utf-8", "surrogatepass") for text in texts)]
    sizes = " ".join(str(len(part)) for part in parts)
    sys.stdout.buffer.write(sizes.ljust(_HEADER).encode() + b"".join(parts))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
