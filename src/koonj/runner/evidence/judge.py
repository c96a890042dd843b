"""Choose the facts to store before a statement, and the evidence to look for after an interruption."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, NamedTuple

import psycopg
from psycopg import AsyncConnection

from koonj.postgres.errors import error_message, is_lost
from koonj.postgres.statement_intent import StatementIntent
from koonj.runner.evidence import (
    databases,
    indexes,
    maintenance,
    partitions,
    prepared_transactions,
    subscriptions,
)
from koonj.runner.evidence.questions import Facts, row_of
from koonj.runner.evidence.statement_evidence import StatementEvidence, not_done, unknown
from koonj.sql.refused_statement import RefusedKind, RefusedStatement, refused_statement


class _Rule(NamedTuple):
    """How the evidence of one kind of statement is found."""

    judge: Callable[[AsyncConnection, Facts], Awaitable[StatementEvidence]]
    before: str = ""
    """Query for the facts before the statement; empty: its text is enough."""


async def facts_before(conn: AsyncConnection, text: str) -> dict[str, Any]:
    """Return the facts that the evidence of a statement will be compared with.

    Names are resolved with the role and the settings of the session, as the statement resolves them. If the
    server cannot resolve them, the statement itself will report that.

    Raises:
        psycopg.Error: The connection was lost.
    """
    statement = refused_statement(text)
    facts: dict[str, Any] = {"kind": statement.kind.value}
    if statement.kind is RefusedKind.ALTER_SYSTEM:
        facts |= {"name": statement.name, "value": statement.value}
    before = _RULES[statement.kind].before
    if before:
        facts |= await _resolved(conn, before, statement)
    return facts


async def _resolved(conn: AsyncConnection, name: str, statement: RefusedStatement) -> Mapping[str, Any]:
    if any('&"' in name for name in (statement.name, statement.table, statement.value)):
        return {"unresolved": 'its name is written as U&"…"'}  # to_regclass() does not know this notation
    values = asdict(statement)
    values["name"] = statement.name or None
    values["value"] = statement.value or None
    try:
        async with conn.transaction():
            row = await row_of(conn, f"before_{name}", values)
    except psycopg.Error as error:
        if is_lost(error):
            raise
        return {"unresolved": error_message(error)}
    return {"missing": True} if row is None else row[0]


async def judge(conn: AsyncConnection, intent: StatementIntent) -> StatementEvidence:
    """Return what the catalog shows about a statement. Its session must have ended.

    Raises:
        psycopg.Error: The connection was lost.
    """
    sent = round(intent.sent.timestamp() * 1_000_000)
    return await judge_facts(conn, {**intent.before, "sent": sent})


async def judge_facts(conn: AsyncConnection, facts: Facts) -> StatementEvidence:
    """Return what the catalog shows about a statement with these facts (`facts_before`).

    Raises:
        psycopg.Error: The connection was lost.
    """
    try:
        rule = _RULES[RefusedKind(facts.get("kind", ""))]
    except ValueError:
        return unknown("Another version of koonj sent it. Use that version, or a newer one.")
    if "unresolved" in facts:
        return unknown(f"It cannot be judged: {facts['unresolved']}.")
    if "missing" in facts:
        return not_done("Its object was not there when it was sent.")
    try:
        async with conn.transaction():
            return await rule.judge(conn, facts)
    except psycopg.Error as error:
        if is_lost(error):
            raise
        return unknown(f"It cannot be judged: {error_message(error)}.")


_RULES: Mapping[RefusedKind, _Rule] = MappingProxyType(
    {
        RefusedKind.CREATE_INDEX: _Rule(indexes.create_index, "create_index"),
        RefusedKind.DROP_INDEX: _Rule(indexes.drop_index, "drop_index"),
        RefusedKind.REINDEX: _Rule(indexes.reindex, "reindex"),
        RefusedKind.DETACH: _Rule(partitions.detach, "detach"),
        RefusedKind.CREATE_DATABASE: _Rule(databases.create_database, "database"),
        RefusedKind.DROP_DATABASE: _Rule(databases.drop_database, "database"),
        RefusedKind.MOVE_DATABASE: _Rule(databases.move_database, "database"),
        RefusedKind.CREATE_TABLESPACE: _Rule(databases.create_tablespace, "tablespace"),
        RefusedKind.DROP_TABLESPACE: _Rule(databases.drop_tablespace, "tablespace"),
        RefusedKind.ALTER_SYSTEM: _Rule(databases.alter_system),
        RefusedKind.CREATE_SUBSCRIPTION: _Rule(subscriptions.create_subscription, "subscription"),
        RefusedKind.DROP_SUBSCRIPTION: _Rule(subscriptions.drop_subscription, "subscription"),
        RefusedKind.ALTER_SUBSCRIPTION: _Rule(subscriptions.alter_subscription, "subscription"),
        RefusedKind.COMMIT_PREPARED: _Rule(prepared_transactions.commit_prepared, "prepared"),
        RefusedKind.ROLLBACK_PREPARED: _Rule(prepared_transactions.rollback_prepared, "prepared"),
        RefusedKind.VACUUM: _Rule(maintenance.vacuum, "relation"),
        RefusedKind.REWRITE: _Rule(maintenance.rewrite, "relation"),
        RefusedKind.MAINTENANCE: _Rule(maintenance.maintenance),
        RefusedKind.SESSION: _Rule(maintenance.session),
        RefusedKind.PROCEDURE: _Rule(maintenance.procedure),
        RefusedKind.OTHER: _Rule(maintenance.other),
    }
)
