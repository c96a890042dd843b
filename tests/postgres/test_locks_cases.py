"""275 statements: traces on empty tables show their effects on tables with rows."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import AsyncConnection

from koonj.postgres.embedded.binaries import discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.locks.statistics import forget_counts
from koonj.postgres.locks.strategy import REFUSED, needs_watch
from koonj.postgres.locks.trace import LockMode, StatementTrace
from koonj.postgres.locks.tracer import Tracer
from koonj.postgres.locks.watcher import LockWatcher
from koonj.postgres.scratch.settings import SERVER_SETTINGS
from koonj.sql.script import Script
from koonj.sql.statements import Statement

pytestmark = pytest.mark.slow

CASES = Path(__file__).parent / "locks_cases"
INDEXES = {
    "accounts": ("accounts_pkey", "accounts_email_key"),
    "bookings": ("bookings_pkey", "bookings_during_excl"),
    "clustered": ("clustered_pkey", "clustered_town"),
    "documents": (
        "documents_pkey",
        "documents_title",
        "documents_pages",
        "documents_lower",
        "documents_slug",
    ),
    "notes": ("notes_document", "notes_id"),
}
Effects = dict[str, frozenset[str]]
"""Effects by relation: a lock mode, and words such as ``scanned``. Key ``error``: an SQLSTATE."""


@dataclass(frozen=True, slots=True)
class Case:
    statement: Statement
    lines: tuple[str, ...]

    def expected(self, *tags: str) -> Effects:
        found: Effects = {}
        for line in self.lines:
            tag, text = re.fullmatch(r"(?:\[(\w+)\] )?(.*)", line).groups()  # type: ignore[union-attr]
            if text != "nothing" and (tag is None or tag in tags):
                found.update(_effects(text))
        return found


def _effects(text: str) -> Effects:
    if text.startswith("error "):
        return {"error": frozenset({text.removeprefix("error ")})}
    name, _, flags = text.partition(": ")
    table = name.removeprefix("indexes of ")
    names = (name,) if table == name else INDEXES[table]
    return dict.fromkeys(names, frozenset(flags.split(", ")))


def _cases() -> list[Case]:
    blocks = re.split(r"\n\n+", (CASES / "statements.txt").read_text(encoding="utf-8"))
    found = []
    for block in blocks:
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        if lines:
            effects = tuple(line.strip() for line in lines[1:])
            assert effects, f"no effects: {lines}"
            found.append(Case(_statement(lines[0]), effects))
    return found


def _statement(text: str) -> Statement:
    (statement,) = Script.of_body(text + ";").statements
    return statement


def _reported(trace: StatementTrace) -> Effects:
    found: dict[str, set[str]] = {}
    for lock in trace.locks:
        found.setdefault(lock.relation, set()).add(lock.mode.value)
    for word, names in (
        ("rewritten", trace.rewritten),
        ("rebuilt", trace.rebuilt),
        ("emptied", trace.truncated),
        ("scanned", tuple(scan.relation for scan in trace.scanned)),
    ):
        for name in names:
            found.setdefault(name, set()).add(word)
    return {name.removeprefix("public."): frozenset(words) for name, words in found.items()}


@pytest.fixture(scope="module", params=[15, 18])
def cluster(request: pytest.FixtureRequest) -> Iterator[TemporaryServer]:
    binaries = next((found for found in discover() if found.major == request.param), None)
    if binaries is None:
        pytest.skip(f"no PostgreSQL {request.param} on this machine")
    with TemporaryServer(binaries, settings=SERVER_SETTINGS) as running:
        yield running


def _database(cluster: TemporaryServer, name: str, template: str = "template0") -> str:
    with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return cluster.dsn(name)


async def _traced(conn: AsyncConnection, case: Case) -> Effects | None:
    """Run a statement in a transaction that is rolled back; None if that is refused."""
    await forget_counts(conn)
    tracer = Tracer(conn)
    await tracer.begin()
    await conn.execute("BEGIN")
    try:
        await conn.execute(case.statement.text.encode())
        trace = await tracer.trace_statement(
            StatementTrace(1, 1, case.statement.summary, in_transaction=True, seconds=0)
        )
    except psycopg.Error as error:
        return None if error.sqlstate in REFUSED else {"error": frozenset({str(error.sqlstate)})}
    finally:
        await conn.execute("ROLLBACK")
    return _reported(trace)


async def _watched(dsn: str, case: Case) -> Effects:
    async def connect() -> AsyncConnection:
        return await AsyncConnection.connect(dsn, autocommit=True)

    async with await connect() as conn, LockWatcher(connect, conn, case.statement) as watch:
        await conn.execute(case.statement.text.encode())
    return _reported(
        watch.trace(StatementTrace(1, 1, case.statement.summary, in_transaction=False, seconds=0))
    )


async def _wrong(cluster: TemporaryServer, name: str, cases: list[Case], tag: str) -> dict[str, Effects]:
    """Return the statements whose reported effects differ from the expected ones."""
    wrong, alone = {}, []
    tags = str(cluster.binaries.major), tag
    async with await AsyncConnection.connect(cluster.dsn(name), autocommit=True) as conn:
        for case in cases:
            found = None if needs_watch(case.statement) else await _traced(conn, case)
            if found is None:
                alone.append(case)
            elif found != case.expected(*tags):
                wrong[case.statement.text] = found
    for number, case in enumerate(alone):
        found = await _watched(_database(cluster, f"{name}_{number}", name), case)
        if found != case.expected(*tags):
            wrong[case.statement.text] = found
    return wrong


def _prepare_database(cluster: TemporaryServer, name: str, *more: str) -> None:
    with psycopg.connect(_database(cluster, name), autocommit=True) as connection:
        for text in ((CASES / "schema.sql").read_text(encoding="utf-8"), *more):
            connection.execute(text.encode())


async def test_effects_are_reported_when_tables_are_empty(
    cluster: TemporaryServer,
) -> None:
    _prepare_database(cluster, "cases")
    assert await _wrong(cluster, "cases", _cases(), "empty") == {}


async def test_same_effects_are_reported_when_tables_have_rows(cluster: TemporaryServer) -> None:
    """Run only every eighth statement, to save time.

    All of them were run when the effects were recorded.
    """
    fill = (CASES / "fill.sql").read_text(encoding="utf-8").replace(":rows", "2000")
    _prepare_database(cluster, "filled", fill)
    joins = [case for case in _cases() if any(line.startswith("[rows]") for line in case.lines)]
    assert joins
    assert await _wrong(cluster, "filled", _cases()[::8] + joins, "rows") == {}


def test_cases_include_every_lock_mode() -> None:
    assert len(_cases()) > 270
    modes = {word for case in _cases() for words in case.expected("18").values() for word in words}
    assert {mode.value for mode in LockMode} <= modes
