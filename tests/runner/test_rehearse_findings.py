"""What a rehearsal records and reports besides its verdict."""

from __future__ import annotations

import pytest

from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow


async def test_rehearsal_records_locks_rewrites_and_scans(base_folder: RehearsalFolder) -> None:
    base_folder.write(
        2,
        """
        ALTER TABLE users ADD COLUMN token uuid DEFAULT gen_random_uuid();
        CREATE INDEX users_old ON users (old);
        """,
        "DROP INDEX users_old; ALTER TABLE users DROP COLUMN token;",
    )
    found = await base_folder.last()
    first, second = found.apply
    assert first.rewritten == ("public.users",)
    assert [(x.relation, x.mode.value) for x in first.locks if x.kind == "table"] == [
        ("public.users", "ACCESS EXCLUSIVE")
    ]
    assert [x.relation for x in second.scanned] == ["public.users"]
    assert any("ACCESS EXCLUSIVE on public.users" in finding for finding in found.findings)
    assert [trace.line for trace in found.rollback] == [8, 8]


async def test_rows_that_remain_after_the_rollback_are_reported(base_folder: RehearsalFolder) -> None:
    base_folder.write(2, "CREATE TABLE words (word text);", "DROP TABLE words;")
    base_folder.write(3, "INSERT INTO words VALUES ('a'), ('b');", "SELECT 1;")
    base_folder.write(4, "INSERT INTO words VALUES ('c');", "DELETE FROM words WHERE word = 'c';")
    found = await base_folder.rehearse("003_m.sql", "004_m.sql")
    assert found["003_m.sql"].findings == (
        "Rollback: the 2 rows that the migration inserts into public.words remain.",
    )
    assert found["004_m.sql"].findings == ()


async def test_findings_name_each_held_lock_once_with_its_span(folder: RehearsalFolder) -> None:
    """26 statements that rewrite a table each gave 650 lines."""
    tables = [f"h{k:02}" for k in range(12)]
    folder.write(
        1, " ".join(f"CREATE TABLE {t} (a int);" for t in tables), f"DROP TABLE {', '.join(tables)};"
    )
    change = "\n".join(f"ALTER TABLE {t} ALTER a TYPE bigint;" for t in tables)
    folder.write(2, change, change.replace("bigint", "int"))
    findings = (await folder.last()).findings
    body = [finding for finding in findings if not finding.startswith("Rollback: ")]
    assert len(body) == 11
    assert body[0] == (
        "line 2: ACCESS EXCLUSIVE on public.h00 is held while lines 3 to 13 scan or rewrite public.h01, "
        "public.h02, public.h03 and 8 more."
    )
    assert (
        body[-1]
        == "line 12: ACCESS EXCLUSIVE on public.h10 is held while line 13 scans or rewrites public.h11."
    )
    assert len(findings) == 22


async def test_held_lock_of_another_transaction_has_a_line_of_its_own(folder: RehearsalFolder) -> None:
    folder.write(1, "CREATE TABLE a (a int); CREATE TABLE b (a int);", "DROP TABLE a, b;")
    both = "BEGIN;\nALTER TABLE a ADD x int;\nALTER TABLE b ALTER a TYPE {};\nCOMMIT;\n"
    drop = "BEGIN; ALTER TABLE a DROP x; ALTER TABLE b ALTER a TYPE int; COMMIT;"
    folder.write(2, both.format("bigint") + both.format("numeric").replace(" x ", " y "), drop, block=False)
    body = [finding for finding in (await folder.last()).findings if not finding.startswith("Rollback: ")]
    assert body == [
        f"line {line}: ACCESS EXCLUSIVE on public.a is held while line {line + 1} scans or rewrites public.b."
        for line in (2, 6)
    ]
