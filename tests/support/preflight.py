"""Rehearse cases of the preflight, ask a target about them, and apply them there to see what is true."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg

from koonj.config import ScratchPlace, Target
from koonj.postgres.connector import Connector
from koonj.postgres.kept_connection import KeptConnection
from koonj.runner.preflight.checks import demands_of, row_checks
from koonj.runner.preflight.compose import PendingDemands
from koonj.runner.rehearse.verdict import Rehearsal, Verdict
from koonj.runner.run.row_check import Preflight, RowCheck, RowOutcome
from koonj.sql.script import Script
from support.preflight_cases import PreflightCase
from support.rehearsal_folder import RehearsalFolder


@dataclass(frozen=True)
class Told:
    """What koonj said of one set of rows, and what happened."""

    case: PreflightCase
    rows: str
    checks: tuple[RowCheck, ...]
    error: str
    """SQLSTATE and message; empty if the migration was applied."""

    @property
    def is_right(self) -> bool:
        """Whether koonj said that it fails exactly if it did; with an uncertain answer, it did not say."""
        outcomes = {check.outcome for check in self.checks}
        if RowOutcome.WILL_FAIL in outcomes:
            return bool(self.error)
        if outcomes & {RowOutcome.MAY_FAIL, RowOutcome.NOT_KNOWN}:
            return bool(self.case.uncertain)
        return not self.error


def _schema(number: int) -> str:
    return f"Case {number}"


def _placed(text: str, number: int) -> str:
    return text.replace("{schema}", _schema(number))


def _enter(number: int) -> str:
    return f'SET search_path TO "{_schema(number)}";'


def _base(cases: Sequence[PreflightCase]) -> str:
    parts = [
        f'CREATE SCHEMA "{_schema(n)}"; {_enter(n)} {_placed(one.schema, n)}' for n, one in enumerate(cases)
    ]
    return "\n".join(parts) + "\nRESET search_path;"


async def rehearse(
    path: Path, connector: Connector, place: ScratchPlace, cases: Sequence[PreflightCase]
) -> dict[str, tuple[Rehearsal, ...]]:
    """Return the verdicts on the migrations of the cases, by name: each case has a schema of its own."""
    folder = RehearsalFolder(path, connector, place)
    folder.write(1, _base(cases))
    names: dict[str, list[str]] = {one.name: [] for one in cases}
    file = 2
    for number, one in enumerate(cases):
        for body in (*one.earlier, one.migration):
            text = f"{_enter(number)}\n{_placed(body, number)}\nRESET search_path;"
            names[one.name].append(folder.write(file, text, "none: a test", block=one.block))
            file += 1
    found = await folder.rehearse(*(name for some in names.values() for name in some))
    return {one: tuple(found[name] for name in some) for one, some in names.items()}


async def ask(
    connector: Connector, target: Target, *rehearsals: Rehearsal, mode: Preflight = Preflight.EXACT
) -> tuple[RowCheck, ...]:
    """Return what the target answers to these pending migrations."""
    async with KeptConnection(connector, target, name="preflight") as kept:
        return await _ask(kept, target, rehearsals, mode)


async def _ask(
    kept: KeptConnection, target: Target, rehearsals: Sequence[Rehearsal], mode: Preflight = Preflight.EXACT
) -> tuple[RowCheck, ...]:
    pending = [PendingDemands(one.name, demands_of(one)) for one in rehearsals]
    return tuple([check async for _, check in row_checks(kept, target, pending, mode)])


async def tell(
    path: Path,
    connector: Connector,
    place: ScratchPlace,
    make_database: Callable[[], str],
    cases: Sequence[PreflightCase],
) -> list[Told]:
    """Return what koonj says of the rows of each case, and what happens then."""
    verdicts = await rehearse(path, connector, place, cases)
    every = [(name, one) for name, some in verdicts.items() for one in some]
    broken = [(name, one.message) for name, one in every if one.verdict is Verdict.BROKEN]
    assert not broken, broken
    told: list[Told] = []
    for round_ in range(max(len(one.rows) for one in cases)):
        dsn = make_database()
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(_base(cases).encode())
            mine = [(n, one) for n, one in enumerate(cases) if round_ < len(one.rows)]
            for number, one in mine:
                connection.execute(f"{_enter(number)} {one.rows[round_]}".encode())
            connection.execute("ANALYZE")
        async with KeptConnection(connector, Target("t", dsn), name="preflight") as kept:
            answers = [await _ask(kept, Target("t", dsn), verdicts[one.name]) for _, one in mine]
        with psycopg.connect(dsn, autocommit=True) as connection:
            for (number, one), checks in zip(mine, answers, strict=True):
                told.append(Told(one, one.rows[round_], checks, _applied(connection, number, one)))
    return told


def _applied(connection: psycopg.Connection, number: int, one: PreflightCase) -> str:
    """Apply the migration of a case, and return the error."""
    connection.execute(_enter(number).encode())
    texts = [_placed(body, number) for body in (*one.earlier, one.migration)]
    text = "\n".join(texts)
    try:
        if not one.block or one.apart:
            for each in texts:
                for statement in [each] if one.block else [s.text for s in Script.of_body(each).statements]:
                    connection.execute(statement.encode())
            return ""
        with connection.transaction(force_rollback=True):
            connection.execute(text.encode())
            connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except psycopg.Error as error:
        return f"{error.sqlstate} {error.diag.message_primary}"
    return ""
