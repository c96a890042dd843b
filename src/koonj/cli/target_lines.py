"""What `koonj doctor` says about targets: whether each can be reached, without naming its host or user."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from time import perf_counter
from types import MappingProxyType

import psycopg

from koonj.cli.doctor_line import DoctorLine, error, note, ok
from koonj.cli.ssh_notice import open_connector
from koonj.config import EMBEDDED, Target
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.server_info import describe
from koonj.runner.target.all_targets import AT_ONCE

_WORDS: Mapping[ConnectProblem, str] = MappingProxyType(
    {
        ConnectProblem.UNREACHABLE: "cannot be reached or used",
        ConnectProblem.LOGIN: "the server refused the login",
        ConnectProblem.BUSY: "the server accepts no connection now",
        ConnectProblem.ENCRYPTION: "no TLS connection was possible",
        ConnectProblem.STRING: "its connection string cannot be used",
        ConnectProblem.UNTRUSTED: "koonj needs your trust for it",
    }
)


async def target_lines(targets: Sequence[Target]) -> tuple[DoctorLine, ...]:
    """Return a line for each target, in their order. They are asked at the same time."""
    turns = asyncio.Semaphore(AT_ONCE)
    async with open_connector() as connector:

        async def ask(target: Target) -> DoctorLine:
            async with turns:
                return await _line(connector, target)

        return tuple(await asyncio.gather(*map(ask, targets)))


async def _line(connector: Connector, target: Target) -> DoctorLine:
    name = f"target {target.name}"
    if target.dsn == EMBEDDED:
        return ok(name, "embedded; koonj starts its server when it is used")
    if not target.trusted:
        advice = "Check koonj.toml; then run: koonj trust"
        return note(name, "not asked: you do not trust this folder", advice)
    begun = perf_counter()
    try:
        async with await connector.connect(target, name="koonj doctor") as conn:
            seconds = perf_counter() - begun
            server = await describe(conn)
    except (ConnectError, psycopg.Error) as problem:
        return _failed(name, target, problem, perf_counter() - begun)
    times = f"connected in {seconds * 1000:.0f} ms, round trip {server.round_trip * 1000:.1f} ms"
    return ok(name, f"PostgreSQL {server.version}, {times}")


def _failed(name: str, target: Target, problem: ConnectError | psycopg.Error, seconds: float) -> DoctorLine:
    kind = problem.problem if isinstance(problem, ConnectError) else ConnectProblem.UNREACHABLE
    code = f", SQLSTATE {problem.sqlstate}" if problem.sqlstate else ""
    advice = f"For the reason, which can name your hosts and users, run: koonj status{target.option}"
    return error(name, f"{_WORDS[kind]}{code} ({seconds:.1f} s)", advice)
