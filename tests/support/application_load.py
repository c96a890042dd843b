"""An application that reads and writes all the time while migrations run."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

import psycopg
from psycopg import sql


@dataclass
class Traffic:
    """What happened to the application."""

    errors: list[str] = field(default_factory=list)
    longest: dict[str, float] = field(default_factory=dict)
    """Seconds of the longest statement, by statement."""
    done: int = 0
    """Statements that were done."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, statement: str, seconds: float) -> None:
        with self._lock:
            self.done += 1
            self.longest[statement] = max(seconds, self.longest.get(statement, 0.0))


@contextmanager
def application_load(dsn: str, statements: Sequence[str], *, pause: float = 0.01) -> Iterator[Traffic]:
    """Run each statement again and again on a connection of its own, until the block ends.

    Each of them has run at least once before the block starts, and again before it ends. An error ends only its
    own statement's connection, and is in `errors`.
    """
    traffic, stop = Traffic(), threading.Event()
    started = [threading.Event() for _ in statements]

    def drive(statement: str, first: threading.Event) -> None:
        try:
            with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
                query = sql.SQL(statement)
                while True:
                    last = stop.is_set()
                    begin = monotonic()
                    connection.execute(query)
                    traffic.add(statement, monotonic() - begin)
                    first.set()
                    if last:
                        return
                    stop.wait(pause)
        except psycopg.Error as error:
            traffic.errors.append(f"{statement}: {error}")
        finally:
            first.set()

    threads = [
        threading.Thread(target=drive, args=pair, daemon=True)
        for pair in zip(statements, started, strict=True)
    ]
    for thread in threads:
        thread.start()
    for first in started:
        first.wait(60)
    try:
        yield traffic
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
