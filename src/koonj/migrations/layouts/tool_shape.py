"""How the statements of a script commit if another tool runs them."""

from __future__ import annotations

from enum import StrEnum

from koonj.sql.refusal import Refusal
from koonj.sql.script import Script
from koonj.sql.transactions import ScriptShape, as_one_transaction, as_written, shape


class Runs(StrEnum):
    """How a tool sends a text to the server."""

    TRANSACTION = "transaction"
    """Between a BEGIN and a COMMIT of the tool."""
    ONE_QUERY = "one_query"
    """As one message without BEGIN: a transaction if the text has several statements.

    Source: PostgreSQL documentation, Message Flow, Multiple Statements in a Simple Query.
    """
    TRANSACTION_IF_ALLOWED = "transaction_if_allowed"
    """In one transaction of the tool; if a transaction refuses one of the statements, each by itself."""
    STATEMENTS = "statements"
    """Each statement as a message of its own, without a transaction."""


def shape_of(script: Script, runs: Runs, tool: str) -> ScriptShape:
    """Return how the statements of a script commit. A script's own BEGIN and COMMIT count."""
    if any(statement.control for statement in script.statements):
        return shape(script)
    is_refused = any(statement.refusal is Refusal.YES for statement in script.statements)
    if runs is Runs.TRANSACTION or (runs is Runs.TRANSACTION_IF_ALLOWED and not is_refused):
        return as_one_transaction(script, f"{tool} runs it in one transaction")
    alone = len(script.statements) == 1 and script.statements[0].refusal is not Refusal.NO
    if runs is Runs.ONE_QUERY and not alone:
        words = f"{tool} sends it as one message, so it is one transaction"
        return as_one_transaction(script, words)
    return as_written(script, ())
