"""Measure what holds the screen's thread up in a folder of many migrations.

    python benchmarks/stalls.py [FILES]        default: 10,000 applied migrations

Nothing may hold the thread up for more than 16 ms, the time of one frame. A task looks at the clock every
5 ms. Three numbers are printed for each phase: the most of the processor's time that one callback of the loop
took; the most that the whole process took between two looks, in another thread or in the collector of
garbage too; and how late a look was, which other programs of the machine change. Below are the callbacks that
took more than 16 ms.
"""

# ruff: noqa: SLF001 - an event loop has no public way to time its callbacks
from __future__ import annotations

import asyncio
import gc
import sys
import tempfile
import time
from asyncio import events
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

import shared  # noqa: F401
import start
from koonj.config import Target
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.screen import Project, Screen

FRAME = 0.016
EVERY = 0.005
"""Seconds between two looks at the clock."""


@dataclass
class Meter:
    """The longest callbacks and the longest delays of the running loop since the last report."""

    long: list[tuple[float, str]] = field(default_factory=list)
    worked: float = 0.0
    late: float = 0.0

    def report(self, phase: str) -> None:
        """Print the phase's numbers, and start again."""
        most = max((seconds for seconds, _ in self.long), default=0.0)
        verdict = "" if max(most, self.worked) <= FRAME else "   MORE THAN A FRAME"
        numbers = (
            f"{what} {seconds * 1000:6.1f} ms"
            for what, seconds in (("callback", most), ("process", self.worked), ("late", self.late))
        )
        print(f"  {phase:30} {'   '.join(numbers)}{verdict}")
        for seconds, name in sorted(self.long, reverse=True)[:3]:
            if seconds > FRAME:
                print(f"      {seconds * 1000:6.1f} ms  {name}")
        self.long, self.worked, self.late = [], 0.0, 0.0

    async def look(self) -> None:
        """Record how late each look at the clock is."""
        while True:
            before, used = time.perf_counter(), time.process_time()
            await asyncio.sleep(EVERY)
            self.late = max(self.late, time.perf_counter() - before - EVERY)
            self.worked = max(self.worked, time.process_time() - used - EVERY)


@asynccontextmanager
async def metered() -> AsyncIterator[Meter]:
    """Measure every callback of the running loop."""
    meter = Meter()
    usual = events.Handle._run

    def timed(handle: Any) -> None:
        if handle._loop is not loop:
            return usual(handle)
        owner = getattr(handle._callback, "__self__", None)
        before = time.thread_time()
        usual(handle)
        name = (
            f"{owner.get_name()}: {owner.get_coro()}"
            if isinstance(owner, asyncio.Task)
            else f"{handle._callback}"
        )
        meter.long.append((time.thread_time() - before, name))
        return None

    loop = asyncio.get_running_loop()
    events.Handle._run = timed  # type: ignore[method-assign, assignment]
    looking = asyncio.create_task(meter.look())
    try:
        yield meter
    finally:
        events.Handle._run = usual  # type: ignore[method-assign]
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def typed(screen: Screen, *keys: str) -> None:
    for key in keys:
        await screen.press(key)
        await asyncio.sleep(0.05)


async def held(screen: Screen, key: str) -> None:
    for _ in range(60):
        await screen.press(key)
        await asyncio.sleep(1 / 30)


async def again(screen: Screen) -> None:
    await screen.press("R")
    await asyncio.sleep(2)
    await screen.until(lambda: screen.main.snapshot.check.since is None)


async def changed(screen: Screen) -> None:
    """Change a file, and wait until the screen has read the folder again."""
    before = screen.main.snapshot.folder
    with (screen.folder / "00001_one.sql").open("a") as file:
        file.write("-- changed\n")
    await screen.press("R")
    await screen.until(lambda: screen.main.snapshot.folder is not before)
    await screen.until(lambda: screen.main.snapshot.check.since is None)


PHASES: Mapping[str, Callable[[Screen], Awaitable[None]]] = {
    "nothing, for 3 s": lambda _: asyncio.sleep(3),
    "j held": lambda screen: held(screen, "j"),
    "k held": lambda screen: held(screen, "k"),
    "G, then g": lambda screen: typed(screen, "G", "g", "G", "g"),
    "a filter typed and cleared": lambda screen: typed(screen, "/", *"one 99", "escape"),
    "R, nothing changed": again,
    "R, a file changed": changed,
}


async def measure(root: Path, dsn: str, files: int) -> None:
    project = Project(root, Target("local", dsn))
    print(f"{project.migrations}")
    await start.fill(project.migrations, dsn, files)
    gc.collect()
    gc.freeze()
    gc.disable()  # as `koonj` does before it imports
    async with metered() as meter, project.open() as screen:
        meter.report("start, until the states")
        for phase, work in PHASES.items():
            await work(screen)
            meter.report(phase)


def main() -> None:
    files = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with TemporaryServer(choose()) as server, tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as root:
        with psycopg.connect(server.dsn(), autocommit=True) as conn:
            conn.execute("CREATE DATABASE stalls")
        print(f"{files} migrations; the goal is {FRAME * 1000:.0f} ms at the most")
        asyncio.run(measure(Path(root), server.dsn("stalls"), files))


if __name__ == "__main__":
    main()
