"""The facts of a large file, found in a process of its own.

There its work holds a lock, and its garbage is collected, for which no key waits; and unlike a thread it
ends when nobody wants to know any more.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE

from koonj.migrations.migration import Migration
from koonj.tui.facts import Facts, facts

LARGE = 256 * 1024
"""Bytes; a larger file is read apart."""
_SETTLED = 0.2
"""Seconds that the cursor must have stayed on it."""


async def facts_apart(migration: Migration) -> Facts:
    """What `facts` gives. Raises OSError, or RuntimeError where the other process failed."""
    await asyncio.sleep(_SETTLED)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", __name__, migration.name, stdin=PIPE, stdout=PIPE, stderr=DEVNULL
    )
    try:
        found, _ = await process.communicate(migration.raw)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise RuntimeError(f"its reader ended with {process.returncode}")
    return Facts.from_json(found)


def _main() -> None:
    """Read a migration's bytes from standard input; write its facts."""
    text = sys.stdin.buffer.read()
    migration = Migration(0, sys.argv[1], "", "", text, "")
    sys.stdout.write(facts(migration).to_json())


if __name__ == "__main__":
    _main()
