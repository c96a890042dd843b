"""A role that is allowed to create in the database plants a history: its code never runs as the role that connected."""

from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from psycopg import conninfo

from koonj.postgres import history_inspection, overview
from koonj.postgres.connector import Connector
from koonj.postgres.history import HistoryError
from koonj.runner.drift.read_target import read_target
from koonj.runner.run.events import RunResult, StatementStarted
from koonj.runner.run.lock_events import LockAcquired
from koonj.runner.target.history import read_history, recorded_text
from support.project import Project, events_of_kind, run_finished

EVIL = """
CREATE FUNCTION public.evil(anyelement) RETURNS anyelement LANGUAGE plpgsql {volatility} AS $$
BEGIN
    IF current_user <> '{role}' THEN RAISE 'evil ran as %', current_user; END IF;
    RETURN $1;
END $$;
"""


@pytest.fixture
def mallory(project: Project) -> Iterator[str]:
    """A role that is allowed to create in the database, and nothing else."""
    [(database,)] = project.sql("SELECT current_database()")
    role = f"mallory_{database}"
    project.sql(
        f'CREATE ROLE {role} LOGIN; GRANT CREATE ON DATABASE "{database}" TO {role}; '
        f"GRANT CREATE ON SCHEMA public TO {role}"
    )
    yield role
    project.sql(f"DROP OWNED BY {role} CASCADE")
    project.sql(f"DROP ROLE {role}")


def _as(project: Project, role: str, *statements: str) -> None:
    with psycopg.connect(project.target.dsn, autocommit=True) as conn:
        conn.execute(f"SET ROLE {role}")
        for statement in statements:
            conn.execute(statement)


async def _table(project: Project) -> None:
    """Let koonj create a history, with one entry."""
    project.table(1)
    assert run_finished(await project.apply()).result is RunResult.DONE
    project.table(2)


async def _refused(project: Project, *words: str, reads: bool = True) -> None:
    """Neither reads nor an apply use the history; the message says why."""
    status = await project.status()
    said = []
    if reads:
        assert not status.is_known
        assert not status.migrations
        said.append(f"{status.error} {status.hint}")
        for reading in (
            read_history(project.connector, project.target),
            recorded_text(project.connector, project.target, 1),
            read_target(project.connector, project.target, project.reader.read()),
        ):
            with pytest.raises(HistoryError) as caught:
                await reading
            said.append(f"{caught.value.message} {caught.value.hint}")
    else:
        assert status.is_known, status.error
    events = await project.apply()
    failure = run_finished(events).failure
    assert failure is not None
    assert not events_of_kind(events, StatementStarted)
    if reads:
        assert not events_of_kind(events, LockAcquired)
    said.append(f"{failure.message} {failure.next_steps}")
    for text in said:
        assert "evil ran" not in text
        assert all(word in text for word in words), text


@pytest.mark.parametrize(
    "relation",
    [
        "VIEW koonj.history AS SELECT evil(1::bigint) AS id, 'x'::text AS error",
        "MATERIALIZED VIEW koonj.history AS SELECT 1::bigint AS id",
        "TABLE koonj.history (LIKE public.pattern) PARTITION BY LIST (id)",
        "TYPE koonj.history AS (id bigint)",
        "TABLE koonj.history (LIKE public.pattern)",
    ],
)
async def test_history_of_another_role_is_refused_and_names_it(
    project: Project, mallory: str, relation: str
) -> None:
    project.table(1)
    project.sql("CREATE TABLE public.pattern (id bigint); GRANT SELECT ON public.pattern TO PUBLIC")
    _as(
        project,
        mallory,
        EVIL.format(role=mallory, volatility=""),
        "CREATE SCHEMA koonj",
        f"CREATE {relation}",
    )
    await _refused(project, f"Schema koonj belongs to role {mallory}", "OWNER TO")


async def test_schema_of_another_role_without_a_table_is_refused(project: Project, mallory: str) -> None:
    project.table(1)
    _as(project, mallory, "CREATE SCHEMA koonj")
    await _refused(project, f"Schema koonj belongs to role {mallory}")
    assert project.sql("SELECT to_regclass('koonj.history') IS NULL") == [(True,)]


async def test_table_of_another_role_in_a_trusted_schema_is_refused(project: Project, mallory: str) -> None:
    project.table(1)
    project.sql(f"CREATE SCHEMA koonj; GRANT USAGE, CREATE ON SCHEMA koonj TO {mallory}")
    _as(project, mallory, "CREATE TABLE koonj.history (id bigint)")
    await _refused(project, f"koonj.history belongs to role {mallory}")


@pytest.mark.parametrize(
    ("statement", "word"),
    [
        ("DROP TABLE koonj.history; CREATE VIEW koonj.history AS SELECT evil(1::bigint) AS id", "a view"),
        (
            "DROP TABLE koonj.history; CREATE TABLE koonj.history (id int) PARTITION BY LIST (id)",
            "partitioned",
        ),
        (
            "CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM evil(1); RETURN NEW; END'; "
            'CREATE TRIGGER "my trigger" BEFORE INSERT ON koonj.history FOR EACH ROW EXECUTE FUNCTION t()',
            'DROP TRIGGER "my trigger" ON koonj.history',
        ),
        ("CREATE TABLE other (id bigint REFERENCES koonj.history ON UPDATE CASCADE)", "a trigger, RI_"),
        ("CREATE RULE r AS ON INSERT TO koonj.history DO ALSO SELECT evil(1)", "DROP RULE"),
        ("CREATE POLICY p ON koonj.history USING (evil(true))", "DROP POLICY"),
        (
            "ALTER TABLE koonj.history ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
            "NO FORCE ROW LEVEL SECURITY",
        ),
        ("CREATE TABLE child () INHERITS (koonj.history)", "inheritance to table child"),
        ("CREATE TABLE parent (id bigint NOT NULL); ALTER TABLE koonj.history INHERIT parent", "parent"),
        ("ALTER TABLE koonj.history ALTER reason SET DEFAULT evil('x'::text)", "default for column reason"),
        (
            "ALTER TABLE koonj.history ALTER reason SET DEFAULT query_to_xml('SELECT evil(1)', true, true, '')",
            "default for column reason",
        ),
        (
            "ALTER TABLE koonj.history ALTER database_role SET DEFAULT evil('x'::text)",
            "default for column database_role",
        ),
        (
            "ALTER TABLE koonj.history ADD g text GENERATED ALWAYS AS (evil(name)) STORED",
            "generated column, g",
        ),
        ("CREATE DOMAIN d AS text CHECK (evil(true)); ALTER TABLE koonj.history ADD x d", "column x: d"),
        ("ALTER TABLE koonj.history ALTER host TYPE varchar", "column host: character varying"),
        ("ALTER TABLE koonj.history ADD CONSTRAINT c CHECK (evil(id) > 0)", "DROP CONSTRAINT"),
        (
            "ALTER TABLE koonj.history ADD CONSTRAINT c CHECK "
            "(query_to_xml('SELECT evil(1)', true, true, '') IS NOT NULL) NOT VALID",
            "DROP CONSTRAINT",
        ),
        (
            "CREATE OPERATOR public.<<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq);"
            "ALTER TABLE koonj.history ADD CONSTRAINT c CHECK (name OPERATOR(public.<<<<) name)",
            "DROP CONSTRAINT",
        ),
        ("CREATE INDEX i ON koonj.history ((evil(1)))", 'DROP INDEX koonj."i"'),
        ("CREATE INDEX i ON koonj.history (id) WHERE evil(true)", 'DROP INDEX koonj."i"'),
        (
            "CREATE OPERATOR CLASS public.mine FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, "
            "OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bttextcmp(text, text);"
            "CREATE INDEX i ON koonj.history (name public.mine)",
            'DROP INDEX koonj."i"',
        ),
        ("CREATE STATISTICS s ON name, host FROM koonj.history", "extended statistics, s"),
    ],
)
async def test_history_that_could_run_code_is_refused(project: Project, statement: str, word: str) -> None:
    await _table(project)
    project.sql(
        EVIL.format(role="nobody", volatility="IMMUTABLE").replace("IF current_user", "IF false AND 'x'")
    )
    project.sql(statement)
    project.sql(EVIL.format(role="nobody", volatility="IMMUTABLE").replace("CREATE", "CREATE OR REPLACE"))
    [(owner,)] = project.sql(
        "SELECT relowner::regrole::text FROM pg_class WHERE oid = 'koonj.history'::regclass"
    )
    await _refused(project, word, f"belongs to role {owner}", "Nothing was read or written")


async def test_role_that_could_add_a_trigger_is_refused_before_a_write(
    project: Project, mallory: str
) -> None:
    await _table(project)
    project.sql(f"GRANT ALL ON koonj.history TO {mallory}")
    await _refused(project, f'REVOKE TRIGGER ON koonj.history FROM "{mallory}"', reads=False)
    project.sql(f"REVOKE TRIGGER ON koonj.history FROM {mallory}; GRANT TRIGGER ON koonj.history TO PUBLIC")
    await _refused(project, "REVOKE TRIGGER ON koonj.history FROM PUBLIC", reads=False)
    project.sql("REVOKE TRIGGER ON koonj.history FROM PUBLIC")
    assert run_finished(await project.apply()).result is RunResult.DONE


async def test_view_that_replaces_the_table_after_the_inspection_is_not_read(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _table(project)
    if project.sql("SELECT current_setting('restrict_nonsystem_relation_kind', true)") == [(None,)]:
        pytest.skip("a minor version without the setting")
    inspected = history_inspection.inspected

    def late(answer: list[tuple[object, ...]]) -> object:
        found = inspected(answer)
        project.sql(
            "CREATE TABLE IF NOT EXISTS proof (); DROP TABLE IF EXISTS koonj.history; "
            "CREATE VIEW koonj.history AS SELECT 1 AS id, NULL::text AS error WHERE evil(true)"
        )
        return found

    project.sql(EVIL.format(role="nobody", volatility=""))
    monkeypatch.setattr(overview, "inspected", late)
    status = await project.status()
    assert "access to non-system view" in (status.error or "")


async def test_history_of_the_owner_of_the_database_is_used(project: Project, mallory: str) -> None:
    await _table(project)
    [(database,)] = project.sql("SELECT current_database()")
    project.sql(f"ALTER SCHEMA koonj OWNER TO {mallory}; ALTER TABLE koonj.history OWNER TO {mallory}")
    assert not (await project.status()).is_known
    project.sql(f'ALTER DATABASE "{database}" OWNER TO {mallory}')
    assert (await project.status()).is_known
    project.sql(f'ALTER DATABASE "{database}" OWNER TO postgres')
    user = conninfo.make_conninfo(project.target.dsn, user=mallory)
    mine = replace(project.target, dsn=user)
    async with Connector() as connector:
        assert len(await read_history(connector, mine)) == 1
    project.target = replace(project.target, role=mallory)
    assert (await project.status()).is_known
