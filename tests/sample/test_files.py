"""Each file of the sample with psql alone: applied, rolled back, applied again.

Also after an interruption at any statement.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.migrations.folder import FolderReader, check
from koonj.sql.control import TransactionControl
from koonj.sql.sections import parse

pytestmark = pytest.mark.slow

RunSql = Callable[[str, Path | str], None]
SchemaOf = Callable[[str], str]


def rollback(file: Path) -> str:
    script = parse(file.read_text(encoding="utf-8")).rollback
    assert script is not None, file.name
    return script.source.text


def test_fifteen_files_have_no_problems(files: list[Path]) -> None:
    folder = FolderReader(files[0].parent).read()
    assert [migration.name for migration in folder.migrations] == [file.name for file in files]
    assert [migration.number for migration in folder.migrations] == list(range(1, 16))
    assert check(folder) == ()
    assert folder.other_files == 0


def test_each_file_starts_with_its_name_and_purpose(files: list[Path]) -> None:
    for file in files:
        name, why, *_ = file.read_text(encoding="utf-8").splitlines()
        assert name == f"-- {file.name}"
        description = parse(file.read_text(encoding="utf-8")).description
        assert why.removeprefix("-- ") in description
        assert "1. " not in description, "the first step is not part of the description"


def test_schema_is_restored_when_every_file_is_applied_and_rolled_back(
    files: list[Path], database: str, run_sql: RunSql, schema_of: SchemaOf
) -> None:
    before = [schema_of(database)]
    for file in files:
        run_sql(database, file)
        after = schema_of(database)
        run_sql(database, rollback(file))
        assert schema_of(database) == before[-1], file.name
        run_sql(database, file)
        assert schema_of(database) == after, file.name
        before.append(after)
    for file in reversed(files):
        before.pop()
        run_sql(database, rollback(file))
        run_sql(database, rollback(file))  # a second rollback changes nothing
        assert schema_of(database) == before[-1], file.name


def stops(file: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield the states in which a crash can leave the database.

    These are after each statement outside a transaction and after each COMMIT.
    """
    done: list[str] = []
    in_transaction = False
    for statement in parse(file.read_text(encoding="utf-8")).body.statements:
        done.append(statement.text)
        if statement.control is not None:
            in_transaction = statement.control is TransactionControl.BEGIN
        if not in_transaction:
            yield f"line {statement.line}", list(done)


@pytest.mark.parametrize("number", [4, 10, 14])
def test_file_in_several_transactions_can_continue_and_roll_back_after_any_stop(
    number: int, files: list[Path], database: str, run_sql: RunSql, schema_of: SchemaOf
) -> None:
    for file in files[: number - 1]:
        run_sql(database, file)
    file = files[number - 1]
    before = schema_of(database)
    run_sql(database, file)
    after = schema_of(database)
    run_sql(database, rollback(file))
    for where, statements in stops(file):
        for finish, expected in ((rollback(file), before), (file, after)):
            with psycopg.connect(database, autocommit=True) as connection:
                for statement in statements:
                    connection.execute(statement.encode())
            run_sql(database, finish)
            assert schema_of(database) == expected, where
        run_sql(database, rollback(file))


def test_existing_users_get_a_role(files: list[Path], database: str, run_sql: RunSql) -> None:
    for file in files[:3]:
        run_sql(database, file)
    add = "INSERT INTO users (email, display_name, email_verified_at) VALUES (%s, 'x', %s)"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(add, ("new@example.org", None))
        connection.execute(add, ("known@example.org", "2024-01-01"))
        run_sql(database, files[3])
        rows = connection.execute("SELECT email, role FROM users ORDER BY email").fetchall()
    assert rows == [("known@example.org", "member"), ("new@example.org", "guest")]


def test_rollback_removes_only_the_seed_rows(files: list[Path], database: str, run_sql: RunSql) -> None:
    for file in files[:2]:
        run_sql(database, file)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO roles VALUES ('auditor', 'ours')")
        connection.execute("INSERT INTO permissions VALUES ('auditor', 'audit_log:read')")
        run_sql(database, files[2])
        assert connection.execute("SELECT count(*) FROM roles").fetchone() == (5,)
        run_sql(database, rollback(files[2]))
        assert connection.execute("SELECT role, action FROM permissions").fetchall() == [
            ("auditor", "audit_log:read")
        ]
        assert connection.execute("SELECT name FROM roles").fetchall() == [("auditor",)]


def test_seed_rows_stay_when_other_rows_refer_to_them(
    files: list[Path], database: str, run_sql: RunSql
) -> None:
    for file in files[:3]:
        run_sql(database, file)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("INSERT INTO permissions VALUES ('guest', 'feedback:give')")
        with pytest.raises(AssertionError, match="permissions_role_fkey"):
            run_sql(database, rollback(files[2]))
        assert connection.execute("SELECT count(*) FROM permissions").fetchone() == (20,)
