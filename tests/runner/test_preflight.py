"""Test how koonj asks a target which of its rows the pending migrations will refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from koonj.config import ScratchPlace, Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.postgres.kept_connection import KeptConnection
from koonj.runner.preflight import ask as asking
from koonj.runner.preflight import checks
from koonj.runner.preflight.checks import demands_of, row_checks
from koonj.runner.preflight.compose import PendingDemands
from koonj.runner.rehearse.verdict import Rehearsal
from koonj.runner.run.codec import from_plain, to_plain
from koonj.runner.run.row_check import Preflight, QuickLimit, RowCheck, RowOutcome
from support.preflight import ask
from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow

BASE = """
    CREATE TABLE owners (id int PRIMARY KEY);
    CREATE TABLE documents (id int PRIMARY KEY, owner_id int, title text);
"""
NOT_NULL = "ALTER TABLE documents ALTER owner_id SET NOT NULL;"
ROWS = "INSERT INTO documents (id) SELECT n FROM generate_series(1, 1204) AS n;"


class Asked:
    """A folder of migrations, rehearsed on the test server, and a target on the same server."""

    def __init__(self, folder: RehearsalFolder, dsn: str) -> None:
        self.folder = folder
        self.target = Target("local", dsn)

    def fill(self, rows: str, base: str = BASE) -> None:
        with psycopg.connect(self.target.dsn, autocommit=True) as connection:
            connection.execute(f"{base} {rows}".encode())

    async def rehearsed(self, *bodies: str, base: str = BASE) -> list[Rehearsal]:
        self.folder.write(1, base)
        names = [self.folder.write(n, body, "none: a test") for n, body in enumerate(bodies, 2)]
        found = await self.folder.rehearse(*names)
        return [found[name] for name in names]

    async def checks(
        self, *bodies: str, base: str = BASE, mode: Preflight = Preflight.EXACT
    ) -> tuple[RowCheck, ...]:
        """Return the answers to these pending migrations."""
        rehearsed = await self.rehearsed(*bodies, base=base)
        return await ask(self.folder.connector, self.target, *rehearsed, mode=mode)

    async def check(self, *bodies: str, base: str = BASE, mode: Preflight = Preflight.EXACT) -> RowCheck:
        """Return the only answer."""
        (found,) = await self.checks(*bodies, base=base, mode=mode)
        return found


@pytest.fixture
def asked(tmp_path: Path, connector: Connector, server: TemporaryServer, database: str) -> Asked:
    folder = tmp_path / "migrations"
    folder.mkdir()
    return Asked(RehearsalFolder(folder, connector, ScratchPlace(server.dsn())), database)


async def test_examples_of_equal_rows_are_one_of_each_group(asked: Asked) -> None:
    """Three keys in a row would look like three equal rows."""
    asked.fill("INSERT INTO documents SELECT n, 1, n % 2 FROM generate_series(1, 4) n;")
    check, _ = await asked.checks("ALTER TABLE documents ADD CONSTRAINT one UNIQUE (title);")
    assert check.message.startswith(
        "will fail: 2 groups of rows of public.documents have the same title (one), for example one row each with id "
    )
    assert {int(example) % 2 for example in check.examples} == {0, 1}


async def test_answer_has_number_examples_query_and_time(asked: Asked) -> None:
    asked.fill(ROWS)
    check = await asked.check(NOT_NULL)
    assert check.outcome is RowOutcome.WILL_FAIL
    assert check.message == (
        "will fail: 1,204 rows of public.documents have owner_id NULL, for example id 1, 2, 3"
    )
    assert (check.rows, check.at_least, check.key, check.examples) == (1204, False, ("id",), ("1", "2", "3"))
    assert check.query == "SELECT id FROM public.documents AS documents WHERE owner_id IS NULL;"
    assert check.at is not None
    assert check.line == 2
    with psycopg.connect(asked.target.dsn) as connection:
        assert len(connection.execute(check.query.encode()).fetchall()) == 1204


async def test_every_query_to_copy_runs(asked: Asked) -> None:
    asked.fill("INSERT INTO owners VALUES (1); INSERT INTO documents VALUES (1, 5, 'x'), (2, 5, 'x');")
    checks = await asked.checks(
        "ALTER TABLE documents RENAME owner_id TO o; ALTER TABLE documents ADD UNIQUE (o);"
        "ALTER TABLE documents ADD FOREIGN KEY (o) REFERENCES owners, ADD CHECK (o < 3);"
    )
    failing = [check for check in checks if check.outcome is RowOutcome.WILL_FAIL]
    assert [check.kind for check in failing] == ["unique", "check", "foreign_key"]
    with psycopg.connect(asked.target.dsn) as connection:
        for check in failing:
            assert connection.execute(check.query.encode()).fetchall()


async def test_inserted_row_without_its_reference_is_named_with_a_query(asked: Asked) -> None:
    """The rehearsal has the row that an earlier file inserted; somebody has deleted it on the target."""
    base = f"{BASE} ALTER TABLE documents ADD FOREIGN KEY (owner_id) REFERENCES owners; INSERT INTO owners VALUES (1);"
    asked.fill("DELETE FROM owners;", base=base)
    check, key = await asked.checks("INSERT INTO documents VALUES (9, 1, 'x');", base=base)
    assert key.message == (
        "will fail: 1 row of those that it inserts into public.documents has owner_id without a row in "
        "public.owners (documents_owner_id_fkey), for example owner_id 1"
    )
    assert check.outcome is RowOutcome.PASSES
    with psycopg.connect(asked.target.dsn) as connection:
        assert connection.execute(key.query.encode()).fetchall() == [(1,)]


async def test_only_access_share_is_taken(asked: Asked) -> None:
    """The answer waits at a lock of another session; what it holds meanwhile is read from a third one."""
    asked.fill("INSERT INTO documents VALUES (1, 5, 'x');")
    [rehearsal] = await asked.rehearsed(
        "ALTER TABLE documents ADD FOREIGN KEY (owner_id) REFERENCES owners; CREATE INDEX ON documents (title);"
        + NOT_NULL
    )
    dsn = asked.target.dsn
    sql = (
        "SELECT DISTINCT l.mode FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
        "WHERE a.application_name = 'preflight' AND l.locktype IN ('relation', 'transactionid')"
    )
    async with (
        await psycopg.AsyncConnection.connect(dsn) as gate,
        await psycopg.AsyncConnection.connect(dsn, autocommit=True) as third,
    ):
        # A lock that holds the first read of a row back, and no lookup in the catalog: the key of owners.
        await gate.execute("LOCK TABLE owners IN ACCESS EXCLUSIVE MODE")
        running = asyncio.create_task(ask(asked.folder.connector, asked.target, rehearsal))
        seen: set[str] = set()
        while not running.done():
            cursor = await third.execute(sql)
            seen |= {row[0] for row in await cursor.fetchall()}
            await asyncio.sleep(0)
        checks = await running
    assert seen == {"AccessShareLock"}
    locked = [check for check in checks if check.reason == "another session has locked the table"]
    assert [check.kind for check in locked] == ["foreign_key"], "it waits 1 s behind another session"
    assert {check.outcome for check in locked} == {RowOutcome.NOT_KNOWN}


async def test_row_security_and_missing_rights_are_not_known(
    asked: Asked, scratch_role: Callable[[str], str]
) -> None:
    asked.fill(ROWS)
    [rehearsal] = await asked.rehearsed(NOT_NULL)
    role = scratch_role(asked.target.dsn)
    target = replace(asked.target, role=role)
    for grant in (
        "SELECT 1",
        f"GRANT SELECT (id, title) ON documents TO {role}",
        f"GRANT SELECT ON documents TO {role}; ALTER TABLE documents ENABLE ROW LEVEL SECURITY",
    ):
        asked.fill(grant, base="")
        [check] = await ask(asked.folder.connector, target, rehearsal)
        assert check.outcome is RowOutcome.NOT_KNOWN
        assert check.reason == "the role may not read the table, or row-level security hides rows of it"
    asked.fill("ALTER TABLE documents DISABLE ROW LEVEL SECURITY", base="")
    [check] = await ask(asked.folder.connector, target, rehearsal)
    assert check.outcome is RowOutcome.WILL_FAIL


@pytest.fixture
def scratch_role(server: TemporaryServer) -> Callable[[str], str]:
    """A function that makes a role which may use the schema public of a database."""

    def make(dsn: str) -> str:
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute("DROP ROLE IF EXISTS koonj_reader")
            connection.execute("CREATE ROLE koonj_reader")
            connection.execute("GRANT USAGE ON SCHEMA public TO koonj_reader")
        return "koonj_reader"

    return make


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ("", "the target has no table public.documents"),
        (
            "CREATE TABLE documents (id int PRIMARY KEY, other int);",
            "the table has other columns on the target, or a column gets its value only then",
        ),
        (
            "CREATE FUNCTION boom() RETURNS int LANGUAGE sql AS 'SELECT 1 / 0';"
            "CREATE VIEW documents AS SELECT boom() AS id, 1 AS owner_id;",
            "public.documents is, or contains, a view or a foreign table",
        ),
    ],
)
async def test_target_that_differs_is_not_known(asked: Asked, there: str, reason: str) -> None:
    asked.fill(there, base="")
    check = await asked.check(NOT_NULL)
    assert (check.outcome, check.reason, check.query) == (RowOutcome.NOT_KNOWN, reason, "")


@pytest.mark.parametrize(
    ("base", "migration"),
    [
        ("", "ALTER TABLE documents ADD CHECK (spy(owner_id));"),
        ("", "CREATE INDEX ON documents (spy(owner_id));"),
        ("", "ALTER TABLE documents ALTER title TYPE boolean USING spy(owner_id);"),
        ("", "ALTER TABLE documents ADD s boolean GENERATED ALWAYS AS (spy(owner_id)) STORED;"),
        ("", "ALTER TABLE documents ADD s boolean DEFAULT spy(1), ADD CHECK (s);"),
        (
            "",
            "CREATE DOMAIN spied AS int CHECK (spy(VALUE)); ALTER TABLE documents ALTER owner_id TYPE spied;",
        ),
        (
            "CREATE OPERATOR #### (LEFTARG = int, RIGHTARG = int, FUNCTION = spies);",
            "ALTER TABLE documents ADD CHECK (owner_id #### 1);",
        ),
        (
            "CREATE DOMAIN watched AS int CHECK (spy(VALUE));",
            "ALTER TABLE documents ADD CHECK (owner_id::watched > 0);",
        ),
        ("", "ALTER TABLE documents ADD CHECK (pg_notify('spied', title) IS NULL);"),
        ("", "ALTER TABLE documents ALTER title TYPE text USING pg_read_file(title);"),
    ],
)
async def test_no_code_of_others_runs_on_the_target(asked: Asked, base: str, migration: str) -> None:
    """The target counts the calls of functions that are not its own."""
    functions = (
        "CREATE FUNCTION spy(a int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE WARNING 'spied'; RETURN false; END $$;"
        "CREATE FUNCTION spies(a int, b int) RETURNS boolean IMMUTABLE LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE WARNING 'spied'; RETURN false; END $$; {base}"
    )
    asked.fill("INSERT INTO documents VALUES (1, 1, 'x');", base=BASE + functions)
    with psycopg.connect(asked.target.dsn, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET track_functions = 'all'".encode())
        checks = await asked.checks(migration, base=BASE + functions)
        assert connection.execute("SELECT funcname FROM pg_stat_user_functions").fetchall() == []
    assert checks
    assert {check.outcome for check in checks} == {RowOutcome.NOT_KNOWN}
    assert all("would call" in check.reason or "gets its value" in check.reason for check in checks)


async def test_pending_migrations_are_taken_together(asked: Asked) -> None:
    asked.fill("INSERT INTO documents VALUES (17, NULL, '5'), (18, 1, '6');")
    checks = await asked.checks(
        'ALTER TABLE documents RENAME TO "Old Files"; ALTER TABLE "Old Files" RENAME owner_id TO "Owner";',
        'ALTER TABLE "Old Files" ALTER title TYPE int USING title::int;',
        'ALTER TABLE "Old Files" ALTER "Owner" SET NOT NULL, ADD CHECK (title > 5);',
        "CREATE TABLE documents (id int PRIMARY KEY, n int);",
        "ALTER TABLE documents ALTER n SET NOT NULL;",
    )
    assert [check.message for check in checks] == [
        'passes: no rows of public."Old Files" have a title that cannot become integer',
        'will fail: 1 row of public."Old Files" has "Owner" NULL, for example id 17',
        'will fail: 1 row of public."Old Files" does not pass the check "Old Files_title_check", '
        "for example id 17",
    ]


async def test_earlier_migration_that_writes_makes_it_uncertain(asked: Asked) -> None:
    asked.fill("INSERT INTO documents VALUES (1, NULL, 'x');")
    check = await asked.check("UPDATE documents SET owner_id = 1;", NOT_NULL)
    assert check.message == (
        "may fail: now 1 row of public.documents has owner_id NULL, for example id 1; "
        "002_m.sql writes to this table first"
    )


async def test_large_table_is_sampled_unless_asked_for(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "SMALL", 1)
    asked.fill("INSERT INTO documents SELECT n, 1, 'x' FROM generate_series(1, 50) n;")
    [rehearsal] = await asked.rehearsed(NOT_NULL)
    connector, target = asked.folder.connector, asked.target
    [quick] = await ask(connector, target, rehearsal, mode=Preflight.QUICK)
    assert quick.outcome is RowOutcome.NOT_KNOWN, "a sample proves nothing"
    assert quick.reason.endswith("was read, and passes")
    assert quick.limit is QuickLimit.SAMPLE
    asked.fill(
        "INSERT INTO documents SELECT n, NULL, repeat('x', 500) FROM generate_series(51, 20000) n;",
        base="",
    )
    [quick] = await ask(connector, target, rehearsal, mode=Preflight.QUICK)
    assert (quick.outcome, quick.at_least) == (RowOutcome.WILL_FAIL, True)
    assert "at least" in quick.message
    [exact] = await ask(connector, target, rehearsal)
    assert (exact.rows, exact.at_least) == (19950, False)


async def test_only_a_quick_question_has_a_limit_of_time(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More time is advised to somebody who gave the short one."""
    monkeypatch.setattr(asking, "QUICK_TIMEOUT", "1ms")
    monkeypatch.setattr(asking, "EXACT_TIMEOUT", "1ms")
    asked.fill("INSERT INTO documents SELECT n, 1, n::text FROM generate_series(1, 200000) n;")
    rehearsed = await asked.rehearsed("ALTER TABLE documents ADD UNIQUE (title);")
    for mode, limit in ((Preflight.QUICK, QuickLimit.TIME), (Preflight.EXACT, None)):
        check = (await ask(asked.folder.connector, asked.target, *rehearsed, mode=mode))[0]
        assert (check.reason, check.limit) == ("the answer took too long", limit)


async def test_only_what_could_be_asked_is_not_known_for_want_of_time(
    asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = f"{BASE} CREATE FUNCTION own(int) RETURNS boolean IMMUTABLE LANGUAGE sql AS 'SELECT true';"
    asked.fill("INSERT INTO documents VALUES (1, 1, 'x');", base=base)
    monkeypatch.setattr(checks, "QUICK_TOTAL", -1.0)
    late, calls = await asked.checks(
        NOT_NULL, "ALTER TABLE documents ADD CHECK (own(id));", base=base, mode=Preflight.QUICK
    )
    assert (late.limit, late.at) == (QuickLimit.TOTAL_TIME, None)
    assert calls.limit is None
    assert "it would call public.own() on the target" in calls.message


async def test_keys_are_shortened_and_shown_without_control_characters(asked: Asked) -> None:
    base = "CREATE TABLE t (k text PRIMARY KEY, a text);"
    asked.fill(r"INSERT INTO t VALUES (E'a\x1b[31m', 'secret'), (repeat('z', 99), 'secret');", base=base)
    check = await asked.check("ALTER TABLE t ALTER a TYPE int USING a::int;", base=base)
    shown = " ".join((*check.examples, check.message))
    assert check.outcome is RowOutcome.WILL_FAIL
    assert "\x1b" not in shown
    assert "secret" not in shown
    assert max(map(len, check.examples)) <= 40


async def test_verdict_with_demands_survives_json(asked: Asked) -> None:
    [rehearsal] = await asked.rehearsed(
        f"ALTER TABLE documents RENAME owner_id TO o; {NOT_NULL.replace('owner_id', 'o')}"
    )
    assert rehearsal.demands.demands
    assert rehearsal.demands.lineages
    assert from_plain(Rehearsal, to_plain(rehearsal)) == rehearsal


async def test_migration_of_new_objects_is_not_watched(asked: Asked) -> None:
    found = await asked.rehearsed(
        "CREATE TABLE other (id int PRIMARY KEY, n int UNIQUE NOT NULL); CREATE INDEX ON other (n);",
        "CREATE UNIQUE INDEX ON documents (title);",
    )
    assert found[0].demands.made == (), "nothing was read"
    assert [demand.kind.value for demand in found[1].demands.demands] == ["unique", "index_size"]


async def test_demands_cost_no_wal_in_the_trace(asked: Asked) -> None:
    """What koonj reads of 20 USINGs, 6 kB each, is rolled back before the statement is measured."""
    asked.folder.place = ScratchPlace()
    names = [f"c{n}" for n in range(20)]
    base = f"CREATE TABLE t ({', '.join(f'{name} text' for name in names)});"
    plain = ", ".join(f"ALTER {name} TYPE varchar(9)" for name in names)
    using = ", ".join(f"ALTER {name} TYPE varchar(8) USING {name}::varchar(8)" for name in names)
    found = await asked.rehearsed(f"ALTER TABLE t {plain};", f"ALTER TABLE t {using};", base=base)
    [without, with_using] = [one.apply[0].wal_bytes or 0 for one in found]
    assert 0 < with_using < without + 60_000


_TYPED = """
    CREATE TYPE mood AS ENUM ('ok', 'gone'); CREATE DOMAIN small AS int;
    CREATE TABLE m (id int PRIMARY KEY, k int) PARTITION BY RANGE (id);
    CREATE TABLE facts (id int PRIMARY KEY, n int, s small, m mood, a text);
"""


@pytest.mark.parametrize(
    ("change", "migration"),
    [
        ("m = 'gone' WHERE id % 3 = 0", "CREATE TYPE mood2 AS ENUM ('ok'); "
         "ALTER TABLE facts ALTER m TYPE mood2 USING m::text::mood2;"),
        ("n = -5 WHERE id = 17", "ALTER TABLE facts ADD CHECK (n > 0);"),
        ("n = 70000 WHERE id = 17", "ALTER TABLE facts ALTER n TYPE smallint;"),
        ("n = 900 WHERE id = 17", "ALTER TABLE facts DROP COLUMN s, DROP COLUMN m, DROP COLUMN a, "
         "ALTER n SET NOT NULL; ALTER TABLE m RENAME k TO n;"
         "ALTER TABLE m ATTACH PARTITION facts FOR VALUES FROM (1) TO (400);"),
        ("s = 9 WHERE id % 2 = 0", "ALTER DOMAIN small ADD CHECK (VALUE < 9);"),
        ("a = 'long text' WHERE id % 2 = 0", "ALTER TABLE facts ALTER a TYPE varchar(4);"),
    ],
)  # fmt: skip
async def test_values_of_the_statistics_that_break_it_are_looked_for(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, change: str, migration: str
) -> None:
    """Common values, and the ends of the histogram. They are gone later, and nothing is said then."""
    monkeypatch.setattr(asking, "SMALL", 1)
    monkeypatch.setattr(asking, "SAMPLE", 1e-9)
    asked.fill(
        "INSERT INTO facts SELECT n, n, 1, 'ok', 'abc' FROM generate_series(1, 400) n;"
        f"UPDATE facts SET {change}; ANALYZE facts;",
        base=_TYPED,
    )
    [rehearsal] = await asked.rehearsed(migration, base=_TYPED)
    connector = asked.folder.connector
    found = await ask(connector, asked.target, rehearsal, mode=Preflight.QUICK)
    assert RowOutcome.WILL_FAIL in {check.outcome for check in found}
    assert all(check.at_least for check in found if check.outcome is RowOutcome.WILL_FAIL)
    asked.fill(
        "DELETE FROM facts WHERE m = 'gone' OR n NOT BETWEEN 1 AND 399 OR s = 9 OR a <> 'abc'", base=""
    )
    found = await ask(connector, asked.target, rehearsal, mode=Preflight.QUICK)
    assert {check.outcome for check in found} == {RowOutcome.NOT_KNOWN}, "the statistics are old"


@pytest.mark.parametrize(
    ("rows", "migration", "rows_found"),
    [
        ("SELECT n, nullif(n % 4, 0), 'x' FROM generate_series(1, 400) n", NOT_NULL, 3),
        ("SELECT n, 1, CASE WHEN n < 90 THEN 'x' ELSE n::text END FROM generate_series(1, 400) n",
         "ALTER TABLE documents ADD UNIQUE (title);", 1),
    ],
)  # fmt: skip
async def test_statistics_show_where_rows_are(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, rows: str, migration: str, rows_found: int
) -> None:
    """A sample of almost nothing finds nothing, so what is found comes from the statistics."""
    monkeypatch.setattr(asking, "SMALL", 1)
    monkeypatch.setattr(asking, "SAMPLE", 1e-9)
    asked.fill(f"INSERT INTO documents {rows}; ANALYZE documents;")
    found = (await asked.checks(migration, mode=Preflight.QUICK))[0]
    assert (found.outcome, found.rows, found.at_least) == (RowOutcome.WILL_FAIL, rows_found, True)


async def test_column_that_the_migrations_add_and_fill_is_not_asked(asked: Asked) -> None:
    asked.fill("INSERT INTO documents VALUES (1, 1, 'x');")
    checks = await asked.checks(
        "ALTER TABLE documents ADD slug text; ALTER TABLE documents ADD token uuid DEFAULT gen_random_uuid();",
        "UPDATE documents SET slug = title;",
        "ALTER TABLE documents ALTER slug SET NOT NULL, ALTER token SET NOT NULL, ALTER title SET NOT NULL;",
    )
    assert [check.message for check in checks] == ["passes: no rows of public.documents have title NULL"]


async def test_statements_that_are_committed_are_not_asked(asked: Asked) -> None:
    """The target has the new name already, and koonj asks under it."""
    asked.fill("ALTER TABLE documents RENAME owner_id TO owner; INSERT INTO documents VALUES (1, 0, NULL);")
    [rehearsal] = await asked.rehearsed(
        "ALTER TABLE documents RENAME owner_id TO o; ALTER TABLE documents ALTER o SET NOT NULL;"
        "ALTER TABLE documents RENAME o TO owner; ALTER TABLE documents ALTER title SET NOT NULL,"
        "ADD CHECK (owner > 0);"
    )
    pending = [PendingDemands("002_m.sql", rehearsal.demands, done=3)]  # SET search_path is none of them
    async with KeptConnection(asked.folder.connector, asked.target, name="preflight") as kept:
        found = [check async for _, check in row_checks(kept, asked.target, pending, Preflight.EXACT)]
    assert [check.message for check in found] == [
        "will fail: 1 row of public.documents has title NULL, for example id 1",
        "will fail: 1 row of public.documents does not pass the check documents_owner_check, for example id 1",
    ]


async def test_migration_without_verdict_hides_what_comes_after_it(asked: Asked) -> None:
    asked.fill(ROWS)
    [rehearsal] = await asked.rehearsed(NOT_NULL)
    pending = [PendingDemands("001_x.sql", demands_of(None)), PendingDemands("002_m.sql", rehearsal.demands)]
    async with KeptConnection(asked.folder.connector, asked.target, name="preflight") as kept:
        found = [check async for _, check in row_checks(kept, asked.target, pending, Preflight.EXACT)]
    assert {check.outcome for check in found} == {RowOutcome.NOT_KNOWN}
    assert [check.reason for check in found] == [
        "it was not rehearsed",
        "it is not known what 001_x.sql does before",
    ]


async def test_file_that_rolls_back_to_a_savepoint_is_not_known(asked: Asked) -> None:
    asked.fill(ROWS)
    checks = await asked.checks(
        f"SAVEPOINT a; {NOT_NULL} ROLLBACK TO a; ALTER TABLE documents ALTER title SET NOT NULL;",
        "ALTER TABLE documents ADD CHECK (owner_id > 0);",
    )
    assert [check.message for check in checks] == [
        "not known what this migration demands of the target's rows: the file rolls back to a savepoint",
        "not known whether rows of public.documents do not pass the check documents_owner_id_check: "
        "it is not known what 002_m.sql does before",
    ]


async def test_event_triggers_of_a_file_do_not_see_what_koonj_makes(asked: Asked) -> None:
    """To read a USING, koonj makes a view, which an event trigger would refuse here."""
    base = (
        BASE
        + """
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no views'; END $$;
    CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION refuse();
    """
    )
    asked.fill("INSERT INTO documents VALUES (1, 1, 'x');", base=base)
    checks = await asked.checks("ALTER TABLE documents ALTER title TYPE int USING title::int;", base=base)
    assert [check.message for check in checks] == [
        "will fail: 1 row of public.documents has a title that cannot become integer, for example id 1"
    ]
