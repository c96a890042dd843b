"""Tests for blocks: how a script commits, and problems of its transactions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.sql.problem import Severity
from koonj.sql.script import Script
from koonj.sql.transactions import Mode, ScriptShape, shape


def of(text: str) -> ScriptShape:
    return shape(Script.of_body(text))


def outline(found: ScriptShape) -> list[tuple[str, list[str], str]]:
    """Return BEGIN, statements and end of each step."""
    return [
        (
            step.begin.text if step.begin else "",
            [s.text for s in step.statements],
            step.end.text if step.end else "",
        )
        for step in found.steps
    ]


def test_script_in_one_block_is_one_transaction() -> None:
    found = of("BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; SAVEPOINT a; ROLLBACK TO a; END;")
    assert (found.mode, found.wrapped, found.explanation) == (Mode.ONE_TRANSACTION, True, "one transaction")
    assert outline(found) == [
        ("BEGIN ISOLATION LEVEL SERIALIZABLE;", ["SELECT 1;", "SAVEPOINT a;", "ROLLBACK TO a;"], "END;")
    ]
    assert found.problems == ()


def test_script_without_begin_is_one_transaction() -> None:
    found = of("SELECT 1; SELECT 2;")
    assert (found.mode, found.wrapped) == (Mode.ONE_TRANSACTION, False)
    assert found.explanation == "no BEGIN in the file, so koonj runs it in one transaction"
    assert outline(found) == [("", ["SELECT 1;", "SELECT 2;"], "")]
    assert found.steps[0].in_transaction


def test_script_without_statements_has_no_steps() -> None:
    found = of("-- nothing")
    assert (found.mode, found.steps, found.explanation, found.problems) == (
        Mode.ONE_TRANSACTION,
        (),
        "no statements",
        (),
    )


def test_refused_statement_runs_outside_a_transaction() -> None:
    found = of("CREATE INDEX CONCURRENTLY i ON t (a); CREATE INDEX CONCURRENTLY j ON t (b); SELECT 1;")
    assert found.mode is Mode.SEVERAL
    assert [step.in_transaction for step in found.steps] == [False] * 3
    assert found.explanation == (
        "3 statements outside a transaction, committed separately, because PostgreSQL refuses CREATE INDEX "
        "CONCURRENTLY in a transaction"
    )
    assert found.problems == ()


def test_maybe_refused_statement_runs_outside_a_transaction_when_there_is_no_block() -> None:
    found = of("REINDEX TABLE t;")
    assert found.mode is Mode.SEVERAL
    assert "might refuse REINDEX of a partitioned table" in found.explanation


def test_blocks_and_statements_between_them_are_steps() -> None:
    found = of("SET a = 1; BEGIN; SELECT 1; COMMIT; START TRANSACTION; SELECT 2; SELECT 3; COMMIT; VACUUM")
    assert found.mode is Mode.SEVERAL
    assert [step.in_transaction for step in found.steps] == [False, True, True, False]
    assert outline(found)[2] == ("START TRANSACTION;", ["SELECT 2;", "SELECT 3;"], "COMMIT;")
    assert found.explanation.startswith(
        "2 transactions and 2 statements outside a transaction, committed separately, because PostgreSQL"
    )


@pytest.mark.parametrize(
    "text", ["SET a = 1; BEGIN; SELECT 1; COMMIT;", "BEGIN; SELECT 1; COMMIT; ANALYZE t;"]
)
def test_statement_outside_the_only_block_is_a_step(text: str) -> None:
    found = of(text)
    assert (found.mode, found.wrapped, len(found.steps)) == (Mode.SEVERAL, False, 2)
    assert found.explanation == "1 transaction and 1 statement outside a transaction, committed separately"


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("SELECT 1;\n BEGIN; SELECT 2;", ["error open-transaction 2 2"]),
        ("COMMIT; BEGIN; SELECT 1;", ["error commit-without-begin 1 1", "error open-transaction 1 9"]),
        ("SELECT 1; ROLLBACK;", ["error commit-without-begin 1 11"]),
        ("BEGIN; VACUUM; COMMIT;", ["error refused-in-transaction 1 8"]),
        ("BEGIN; CLUSTER t; COMMIT;", ["note refused-in-transaction 1 8"]),
        ("BEGIN; SELECT 1; ROLLBACK;", ["error rolls-back 1 18"]),
        ("BEGIN; SELECT 1; PREPARE TRANSACTION 'x';", ["error prepare-transaction 1 18"]),
        ("BEGIN; SELECT 1; COMMIT AND CHAIN; COMMIT;", ["error commit-and-chain 1 18"]),
        ("BEGIN; COMMIT AND CHAIN;", ["error commit-and-chain 1 8", "error open-transaction 1 8"]),
        ("BEGIN; BEGIN; SELECT 1; COMMIT;", ["warning nested-begin 1 8"]),
        ("BEGIN READ ONLY; SELECT 1; COMMIT;", ["error read-only 1 1"]),
        ("BEGIN; SET TRANSACTION READ ONLY; COMMIT;", ["error read-only 1 8"]),
        ("SAVEPOINT a;", ["error savepoint-without-begin 1 1"]),
        ("ROLLBACK PREPARED 'x';", []),
        ("BEGIN; ROLLBACK PREPARED 'x'; COMMIT;", ["error refused-in-transaction 1 8"]),
    ],
)
def test_wrong_block_gives_a_problem(text: str, problems: list[str]) -> None:
    assert [f"{p.severity} {p.code} {p.line} {p.column}" for p in of(text).problems] == problems


def test_problem_has_message_and_hint() -> None:
    (problem,) = of("BEGIN; CREATE INDEX CONCURRENTLY i ON t (a); COMMIT;").problems
    assert (
        problem.message
        == "PostgreSQL refuses this statement inside a transaction: CREATE INDEX CONCURRENTLY."
    )
    assert "out of BEGIN" in problem.hint


WORDS = [
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "COMMIT AND CHAIN",
    "SAVEPOINT a",
    "SELECT 1",
    "VACUUM",
    "PREPARE TRANSACTION 'x'",
]


@given(st.lists(st.sampled_from(WORDS)).map(";".join))
def test_no_statement_is_lost_or_moved(text: str) -> None:
    script = Script.of_body(text)
    found = shape(script)
    run = [s for step in found.steps for s in (step.begin, *step.statements, step.end) if s is not None]
    without_block = [s for s in script.statements if s not in run]
    assert [s.index for s in run] == sorted(s.index for s in run)
    codes = {p.code for p in found.problems if p.severity is Severity.ERROR}
    assert not without_block or codes & {"commit-without-begin", "prepare-transaction"}
    if found.mode is Mode.ONE_TRANSACTION and found.wrapped:
        assert not codes & {"open-transaction", "rolls-back", "commit-and-chain", "prepare-transaction"}
