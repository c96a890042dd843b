"""Analyze a large file in a process of its own.

In a process, the parser's hold on Python's lock and its garbage collection delay no key. Unlike a thread, a
process can be killed when its result is no longer needed. It writes its results as messages to stdout. A
message is a header of 48 bytes with three sizes, then JSON, then two texts. The texts are not part of the
JSON, because parsing them as JSON would take too long.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

from koonj import child_environment
from koonj.migrations.migration import Migration
from koonj.own_module import module_command
from koonj.sql.problem import Problem, Severity
from koonj.tui.documents.analysis import Analysis, analyze
from koonj.tui.documents.chunks import Segment, segments

_DELAY = 0.2
"""Seconds that the cursor must stay on a file before the process starts."""
_WRITE_SIZE = 256 * 1024
"""Number of bytes that are written to the process at once."""
_BATCH_SIZE = 256
"""Number of segments in a message: about a megabyte of text."""


@dataclass(frozen=True, slots=True)
class SegmentBatch:
    """Next segments of a text (without its byte-order mark).

    Those of the first batch start at 0.
    """

    segments: tuple[Segment, ...]
    end: int
    """Offset up to which the segments are known, after this batch."""


async def analyze_in_process(migration: Migration) -> AsyncGenerator[SegmentBatch | Analysis, None]:
    """Yield segments as they are found, and at last the analysis.

    Raises: OSError, or RuntimeError if the process failed.
    """
    await asyncio.sleep(_DELAY)
    words, texts = _sent(migration)
    process = await asyncio.create_subprocess_exec(
        *(*module_command(__name__), migration.name, *words),
        stdin=PIPE,
        stdout=PIPE,
        stderr=DEVNULL,
        env=child_environment.for_koonj(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for at in range(0, len(texts), _WRITE_SIZE):
            process.stdin.write(texts[at : at + _WRITE_SIZE])
            await process.stdin.drain()
        process.stdin.close()
        async for found in _messages(process.stdout):
            yield found
    except asyncio.IncompleteReadError as error:
        raise RuntimeError(f"the process that analyzes the file ended with {await process.wait()}") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()  # asyncio closes the transport only after the whole output was read


def _sent(migration: Migration) -> tuple[tuple[str, ...], bytes]:
    """Return the words and the bytes from which the process makes the migration."""
    from koonj.migrations.layouts.tool_migration import ToolMigration  # noqa: PLC0415 - few files are so large

    if not isinstance(migration, ToolMigration):
        return (), migration.raw
    from koonj.migrations.layouts.sent_migration import texts_of, words_of  # noqa: PLC0415 - as above

    return (words_of(migration),), texts_of(migration)


def _received(arguments: list[str], texts: bytes) -> Migration:
    """Return the migration that `_sent` has sent."""
    name, *words = arguments
    if not words:
        return Migration(0, name, "", "", texts, "")
    from koonj.migrations.layouts.sent_migration import received  # noqa: PLC0415 - as above

    return received(words[0], texts)


async def _messages(stream: asyncio.StreamReader) -> AsyncIterator[SegmentBatch | Analysis]:
    """Yield the messages of the process, up to and including the analysis.

    Raises: IncompleteReadError.
    """
    while True:
        header = await stream.readexactly(_HEADER)
        sizes = [int(size) for size in header.split()]
        values, *texts = [await stream.readexactly(size) for size in sizes]
        found = json.loads(values)
        if "end" in found:
            yield SegmentBatch(tuple(map(tuple, found["segments"])), found["end"])
            continue
        rollback, statements = [text.decode("utf-8", "surrogatepass") for text in texts[:2]]
        yield _analysis_of(found, rollback, statements)
        return


_HEADER = 48
"""Size of a header in bytes: three numbers, padded with spaces."""


def _analysis_of(found: dict[str, Any], rollback: str, statements: str) -> Analysis:
    problems = tuple(Problem(**{**p, "severity": Severity(p["severity"])}) for p in found.pop("problems"))
    pieces = tuple(map(tuple, found.pop("rollback_segments")))
    has_rollback = found.pop("rollback") is not None
    return Analysis(
        **{**found, "statements": statements},
        rollback=rollback if has_rollback else None,
        rollback_segments=pieces,
        problems=problems,
    )


def _main() -> None:
    """Read a migration's bytes from stdin and write the messages to stdout."""
    migration = _received(sys.argv[1:], sys.stdin.buffer.read())
    text = migration.text.removeprefix("\ufeff")
    for batch in _batches(text):
        _send(asdict(batch))
    found = analyze(migration)
    rollback = None if found.rollback is None else ""
    _send(
        asdict(replace(found, rollback=rollback, statements=None)),
        found.rollback or "",
        found.statements or "",
    )


def _batches(text: str) -> Iterator[SegmentBatch]:
    batch: list[Segment] = []
    for piece in segments(text):
        batch.append(piece)
        if len(batch) >= _BATCH_SIZE:
            yield SegmentBatch(tuple(batch), piece[0])
            batch = []
    yield SegmentBatch(tuple(batch), len(text))


def _send(values: dict[str, Any], *texts: str) -> None:
    parts = [json.dumps(values).encode(), *(text.encode("utf-8", "surrogatepass") for text in texts)]
    sizes = " ".join(str(len(part)) for part in parts)
    sys.stdout.buffer.write(sizes.ljust(_HEADER).encode() + b"".join(parts))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    _main()
