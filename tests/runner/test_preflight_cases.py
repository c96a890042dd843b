"""Test that koonj says of rows that a migration will fail on them exactly if it does.

The expectation is not written down: each migration is applied to the rows, and rolled back.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

from koonj.config import ScratchPlace
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import choose, discover
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.row_check import RowOutcome
from support.preflight import Told, tell
from support.preflight_cases import FAMILIES as USUAL
from support.preflight_cases import PreflightCase
from support.preflight_neighbours import NEIGHBOURS

pytestmark = pytest.mark.slow

UNCERTAIN = {RowOutcome.MAY_FAIL, RowOutcome.NOT_KNOWN}
OLD = 15
FAMILIES = {**USUAL, **NEIGHBOURS}


def _wrong(told: Sequence[Told]) -> list[str]:
    return [f"{one.case.name}: {one.rows} -> {one.error or 'applied'}; {[c.message for c in one.checks]}"
            for one in told if not one.is_right]  # fmt: skip


def _check(told: Sequence[Told], cases: Sequence[PreflightCase]) -> None:
    wrong = _wrong(told)
    assert not wrong, "\n".join(wrong)
    uncertain = {one.case.name for one in told if {check.outcome for check in one.checks} & UNCERTAIN}
    assert uncertain == {one.name for one in cases if one.uncertain}, "these and no others are uncertain"
    fails = {one.case.name for one in told if any(c.outcome is RowOutcome.WILL_FAIL for c in one.checks)}
    assert fails == {one.case.name for one in told if one.error and not one.case.uncertain}


@pytest.mark.parametrize("family", FAMILIES)
async def test_said_failing_exactly_if_it_fails(
    family: str,
    tmp_path: Path,
    connector: Connector,
    server: TemporaryServer,
    make_database: Callable[[], str],
) -> None:
    cases = [one for one in FAMILIES[family] if one.since <= server.binaries.major and not one.icu]
    if cases:
        told = await tell(tmp_path, connector, ScratchPlace(server.dsn()), make_database, cases)
        _check(told, cases)


@pytest.fixture(scope="module")
def old_server() -> Iterator[TemporaryServer]:
    """A server of PostgreSQL 15."""
    found = next((one for one in discover() if one.major == OLD), None)
    if found is None:
        pytest.skip(f"PostgreSQL {OLD} is not installed")
    binaries = choose({**os.environ, "KOONJ_PG_BINDIR": str(found.bindir)})
    with TemporaryServer(binaries) as running:
        yield running


async def test_the_same_on_an_older_server(
    tmp_path: Path, connector: Connector, old_server: TemporaryServer
) -> None:
    """Ask every sixth case, and casts of texts, for which older servers have no function."""

    def make_database() -> str:
        name = f"test_{token_hex(6)}"
        with psycopg.connect(old_server.dsn(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template0".encode())
        return old_server.dsn(name)

    every = [one for family in FAMILIES.values() for one in family if one.since <= OLD]
    cases = [one for n, one in enumerate(every) if n % 6 == 0 or one.icu or one in FAMILIES["casts"][:4]]
    _check(await tell(tmp_path, connector, ScratchPlace(old_server.dsn()), make_database, cases), cases)


def test_there_are_many_kinds() -> None:
    every = [one for family in FAMILIES.values() for one in family]
    assert len({one.name for one in every}) == len(every) > 100
