"""Measure a catalog snapshot and a comparison against pg_dump -s.

All use the same database.

    python benchmarks/catalog.py [TABLES] [ROUNDS]

Each table has 6 columns, a primary key, 2 indexes, a foreign key, 3 comments and a grant. Prints the median,
minimum and maximum milliseconds of each, measured in turns, and the ratio of the medians.
"""

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.compare import compare
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer

MAKE = """
CREATE ROLE app;
DO $$ BEGIN FOR i IN 1..{tables} LOOP EXECUTE format($sql$
    CREATE TABLE t_%1$s (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent bigint, name text NOT NULL,
        state varchar(50) DEFAULT 'new', price numeric(10, 2) CHECK (price > 0),
        made timestamptz DEFAULT now() NOT NULL);
    CREATE INDEX t_%1$s_name ON t_%1$s (name);
    CREATE INDEX t_%1$s_made ON t_%1$s (made) WHERE state = 'new';
    ALTER TABLE t_%1$s ADD FOREIGN KEY (parent) REFERENCES t_%2$s;
    COMMENT ON TABLE t_%1$s IS 'Table %1$s';
    COMMENT ON COLUMN t_%1$s.name IS 'The name';
    COMMENT ON COLUMN t_%1$s.state IS 'The state';
    GRANT SELECT, INSERT ON t_%1$s TO app;
$sql$, i, greatest(i - 1, 1)); END LOOP; END $$;
"""


async def _measured(ways: dict[str, Callable[[], Awaitable[object]]], rounds: int) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.perf_counter()
            await way()
            took[name].append((time.perf_counter() - start) * 1000)
    return took


async def _run(server: TemporaryServer, pg_dump: Path, tables: int, rounds: int) -> None:
    dsn = server.dsn()
    parts = conninfo_to_dict(dsn)
    known = {name: parts[name] for name in ("host", "port", "user", "dbname") if name in parts}
    command = [
        str(pg_dump),
        "-s",
        "-d",
        make_conninfo("", **known),
    ]  # only keywords that an older libpq knows too
    async with await AsyncConnection.connect(dsn, autocommit=True) as conn:
        await conn.execute(MAKE.format(tables=tables).encode())
        catalog = await read_catalog(conn)
        print(f"{len(catalog.objects):,} objects")

        async def read_with_new_connection() -> Catalog:
            async with await AsyncConnection.connect(dsn, autocommit=True) as other:
                return await read_catalog(other)

        async def compared() -> None:
            compare(catalog, again)

        async def dumped() -> None:
            await asyncio.to_thread(lambda: subprocess.run(command, check=True, capture_output=True))

        again = await read_catalog(conn)
        ways: dict[str, Callable[[], Awaitable[object]]] = {
            "snapshot": lambda: read_catalog(conn),
            "snapshot, new connection": read_with_new_connection,
            "comparison": compared,
            "pg_dump -s": dumped,
        }
        took = await _measured(ways, rounds)
    print(f"{'milliseconds':28} {'median':>8} {'min':>8} {'max':>8}")
    for name, values in took.items():
        print(f"{name:28} {statistics.median(values):8.1f} {min(values):8.1f} {max(values):8.1f}")
    ratio = statistics.median(took["pg_dump -s"]) / statistics.median(took["snapshot"])
    print(f"pg_dump -s takes {ratio:.1f} times as long as a snapshot")


def main() -> None:
    tables = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    binaries = choose()
    pg_dump = binaries.program("pg_dump")
    if pg_dump is None:
        sys.exit(f"no pg_dump in {binaries.bindir}")
    print(f"PostgreSQL {binaries.version}, {tables} tables, {rounds} rounds")
    with TemporaryServer(binaries, settings={"max_locks_per_transaction": "1024"}) as server:
        asyncio.run(_run(server, pg_dump, tables, rounds))


if __name__ == "__main__":
    main()
