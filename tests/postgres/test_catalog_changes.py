"""A catalog differs exactly when the output of pg_dump -s differs.

Each run tests a few changes of each kind. All of them take two minutes: ``pytest -n 0 THIS_FILE
--hypothesis-profile=more``.
"""

import asyncio
import re
import subprocess
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import settings
from psycopg import AsyncConnection
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.postgres.catalog.catalog import Catalog
from koonj.postgres.catalog.compare import compare
from koonj.postgres.catalog.difference_wording import describe
from koonj.postgres.catalog.read import read_catalog
from koonj.postgres.catalog.versions import comparable
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent / "catalog_changes"
ROLES = 'CREATE ROLE app; CREATE ROLE boss; CREATE ROLE reader; CREATE ROLE "odd role"; CREATE ROLE super SUPERUSER'
KINDS = (
    "table column type default constraint index view|materialized view|function procedure aggregate trigger rule "
    "sequence policy grant owner enum domain|composite type|extension publication statistics|event trigger|comment "
    "partitioning|storage parameter|replica identity|security label|dependency"
)


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    expected: str
    """``differs``, ``same``, ``order`` or ``more`` (the catalog differs, pg_dump does not)."""
    since: int
    script: str

    @property
    def kind(self) -> str:
        return self.name.partition(":")[0]


def changes(major: int) -> Iterator[Change]:
    text = (FOLDER / "changes.sql").read_text(encoding="utf-8")
    for part in re.split(r"^--@ ", text, flags=re.M)[1:]:
        head, _, script = part.partition("\n")
        tags = re.findall(r"\[([^\]]+)\]", head)
        since = max((int(tag[:-1]) for tag in tags if tag.endswith("+")), default=0)
        expected = next((tag for tag in tags if not tag.endswith("+")), "differs")
        if since <= major:
            yield Change(re.sub(r"\s*\[.*", "", head), expected, since, script)


def plain(dsn: str) -> str:
    """Return the dsn without keywords that the libpq of an older pg_dump lacks."""
    parts = conninfo_to_dict(dsn)
    return make_conninfo("", **{k: parts[k] for k in ("host", "port", "user", "dbname") if k in parts})


@dataclass(frozen=True, slots=True)
class Side:
    """One server with the base schema."""

    binaries: Binaries
    dsn: str
    conn: AsyncConnection

    async def dump(self) -> list[str]:
        program = self.binaries.program("pg_dump")
        if program is None:
            pytest.skip(f"no pg_dump in {self.binaries.bindir}")
        command = [str(program), "-s", "--exclude-schema=koonj", "-d", plain(self.dsn)]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        random = ("\\restrict", "\\unrestrict", "-- Dumped")
        return [line for line in done.stdout.splitlines() if not line.startswith(random)]

    async def both(self) -> tuple[list[str], Catalog]:
        return await asyncio.gather(self.dump(), read_catalog(self.conn))


@asynccontextmanager
async def prepared(binaries: Binaries) -> AsyncIterator[Side]:
    with TemporaryServer(binaries) as server:
        async with await AsyncConnection.connect(server.dsn(), autocommit=True) as conn:
            await conn.execute(ROLES)
            await conn.execute("SET allow_in_place_tablespaces TO on")
            await conn.execute("CREATE TABLESPACE near LOCATION ''")
            await conn.execute((FOLDER / "base.sql").read_bytes())
            yield Side(binaries, server.dsn(), conn)


def another(binaries: Binaries) -> Binaries:
    """Return server binaries of another major version, or skip the test."""
    found = next((each for each in discover() if each.major != binaries.major), None)
    if found is None:
        pytest.skip("only one major version is installed")
    return found


async def disagreements(side: Side, chosen: set[Change]) -> list[str]:
    """Make all changes in turn. Return where koonj and pg_dump disagree."""
    found: list[str] = []
    last: tuple[list[str], Catalog] | None = None
    for change in changes(side.binaries.major):
        before = (last or await side.both()) if change in chosen else None
        last = None
        await side.conn.execute(change.script.encode())
        if before is not None:
            last = await side.both()
            found.extend(judged(change, before, last))
    return found


def judged(
    change: Change, before: tuple[list[str], Catalog], after: tuple[list[str], Catalog]
) -> Iterator[str]:
    dumped = before[0] != after[0]
    differences = compare(before[1], after[1])
    order = bool(differences) and all(each.order_only for each in differences)
    found = "; ".join(map(describe, differences))
    if dumped != (change.expected in ("differs", "order")):
        yield f"{change.name}: pg_dump disagrees with the expectation in changes.sql"
    if bool(differences) != (change.expected != "same") or order != (change.expected == "order"):
        yield f"{change.name}: should be {change.expected}, but is: {found or 'no difference'}"
    if bool(differences) != bool(compare(after[1], before[1])):
        yield f"{change.name}: the reverse comparison differs"


def sample(major: int, first: int, last: int) -> set[Change]:
    """Return the changes number `first` to `last` of each kind."""
    if settings.get_current_profile_name() == "more":
        return set(changes(major))
    by_kind: dict[str, deque[Change]] = {}
    for change in changes(major):
        by_kind.setdefault(change.kind, deque()).append(change)
    return {change for group in by_kind.values() for change in list(group)[first:last]}


async def test_catalog_differs_exactly_when_pg_dump_does(binaries: Binaries) -> None:
    chosen = sample(binaries.major, 0, 4)
    kinds = Counter(change.kind for change in chosen)
    named = [kind for part in KINDS.split("|") for kind in ([part] if part in kinds else part.split())]
    assert len(chosen) >= 150
    assert all(kinds[kind] for kind in named), kinds
    async with prepared(binaries) as side:
        assert await disagreements(side, chosen) == []


async def test_catalog_differs_exactly_when_pg_dump_does_on_another_version(binaries: Binaries) -> None:
    other = another(binaries)
    async with prepared(other) as side:
        assert await disagreements(side, sample(other.major, 4, 5)) == []


async def test_catalog_is_equal_when_restored_from_pg_dump(binaries: Binaries) -> None:
    async with prepared(binaries) as side:
        dump = "\n".join(await side.dump())
        await side.conn.execute("CREATE DATABASE copy TEMPLATE template0")
        copy = make_conninfo(side.dsn, dbname="copy")
        async with await AsyncConnection.connect(copy, autocommit=True) as conn:
            await conn.execute(dump.encode())
            assert list(map(describe, compare(await read_catalog(side.conn), await read_catalog(conn)))) == []


async def test_catalogs_of_two_versions_are_equal_for_the_same_schema(binaries: Binaries) -> None:
    other = another(binaries)
    async with prepared(binaries) as one, prepared(other) as two:
        for number, change in enumerate(changes(min(binaries.major, other.major))):
            await asyncio.gather(*(side.conn.execute(change.script.encode()) for side in (one, two)))
            if number % 50 == 0:
                here, there = await read_catalog(one.conn), await read_catalog(two.conn)
                found = compare(comparable(here, there.major), comparable(there, here.major))
                assert [describe(each) for each in found] == [], change.name
                assert len(here.objects) > 150
