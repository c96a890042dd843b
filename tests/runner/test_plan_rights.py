"""A plan says which statement the role may not do, and says it only if PostgreSQL refuses the statement.

Each case is tried: what the plan names fails when it is run, and what it does not name runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from psycopg import conninfo

from koonj.postgres.embedded.binaries import Binaries
from koonj.runner.run.events import PlanMade, RunResult
from support.project import Project, events_of_kind, run_finished

NONE = "\n-- Rollback: none: test\n"
BASE = f"""BEGIN;
CREATE TABLE t1 (id int PRIMARY KEY);
CREATE TABLE t2 (id int);
CREATE TABLE t3 (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE t3_a PARTITION OF t3 FOR VALUES FROM (0) TO (9);
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE mood AS ENUM ('good');
COMMIT;{NONE}"""
ALTER = "ALTER TABLE t1 ADD COLUMN note text;"


@dataclass(frozen=True)
class People:
    """A login, a group that owns the tables and a service's role; the names are those of one database."""

    project: Project
    suffix: str

    @property
    def app(self) -> str:
        return f"app_{self.suffix}"

    @property
    def owner(self) -> str:
        return f"owner-{self.suffix}"

    def sql(self, statements: str) -> None:
        """Run statements as a superuser, with ``{app}`` and ``{owner}``."""
        if statements:
            self.project.sql(statements.format(app=self.app, owner=f'"{self.owner}"'))

    async def notes(
        self, body: str, grants: str = "", role: str | None = None, agrees: bool = True, later: str = ""
    ) -> list[str]:
        """Return what the plan for `body` says of rights; running it must agree, unless that is not to be tried."""
        project = self.project
        project.write("001_base.sql", BASE)
        assert run_finished(await project.apply()).result is RunResult.DONE
        self.sql(
            "ALTER TABLE t1 OWNER TO {owner}; ALTER TABLE t2 OWNER TO {owner}; ALTER TABLE t3 OWNER TO {owner};"
            "ALTER FUNCTION f() OWNER TO {owner}; ALTER FUNCTION f(int) OWNER TO {owner};"
            "ALTER TYPE mood OWNER TO {owner}; ALTER TABLE t1 ENABLE ROW LEVEL SECURITY"
        )
        self.sql(
            "GRANT USAGE ON SCHEMA koonj TO PUBLIC; GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA koonj TO PUBLIC"
        )
        self.sql(grants)
        project.write("002_next.sql", body + NONE)
        if later:
            project.write("003_later.sql", later + NONE)
        mine = project.target
        project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=self.app), role=role)
        made = events_of_kind(await project.apply(measure=True, plan_only=True), PlanMade)
        found = [note for plan in made for note in plan.plan.notes if "PostgreSQL will refuse" in note]
        ended = run_finished(await project.apply())
        project.target = mine
        assert not agrees or (ended.result is RunResult.DONE) is not bool(found), (
            f"the plan and PostgreSQL disagree: {ended}"
        )
        names = ((self.app, "app"), (self.owner, "owner"), (self.suffix, "db"))
        for name, short in names:
            found = [note.replace(name, short) for note in found]
        return [note.replace("002_next.sql: PostgreSQL will refuse ", "") for note in found]


@pytest.fixture
def people(project: Project) -> Iterator[People]:
    [(database,)] = project.sql("SELECT current_database()")
    made = People(project, str(database))
    made.sql("CREATE ROLE {app} LOGIN; CREATE ROLE {owner}; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    made.sql("GRANT USAGE, CREATE ON SCHEMA public TO {app}, {owner}")
    yield made
    made.sql("DROP OWNED BY {app}, {owner} CASCADE; DROP ROLE {app}, {owner}")


OWNED = (
    "'alter table t1 add column note': public.t1 belongs to \"owner\", and role app does not have its rights."
)


@pytest.mark.parametrize(
    ("grants", "remedy"),
    [
        ("", 'Connect as "owner", or once: GRANT "owner" TO app;'),
        ("GRANT {owner} TO {app}", None),
        (
            "ALTER ROLE {app} NOINHERIT; GRANT {owner} TO {app}",
            'Set role = "owner" for this target in koonj.toml.',
        ),
        (
            "ALTER ROLE {app} NOINHERIT",
            'Connect as "owner", or once: GRANT "owner" TO app; and, because app is NOINHERIT, set '
            'role = "owner" for this target in koonj.toml.',
        ),
        ("ALTER SCHEMA public OWNER TO {app}", 'Connect as "owner", or once: GRANT "owner" TO app;'),
    ],
    ids=[
        "stranger",
        "member",
        "member that does not inherit",
        "stranger that does not inherit",
        "owner of schema",
    ],
)
async def test_owner_of_an_altered_table(people: People, grants: str, remedy: str | None) -> None:
    assert await people.notes(ALTER, grants) == ([] if remedy is None else [f"{OWNED} {remedy}"])


async def test_role_of_the_target_is_the_one_that_counts(people: People) -> None:
    grants = "ALTER ROLE {app} NOINHERIT; GRANT {owner} TO {app}"
    assert await people.notes(ALTER, grants, role=people.owner) == []


@pytest.mark.parametrize(("option", "may"), [("INHERIT FALSE", True), ("INHERIT FALSE, SET FALSE", False)])
async def test_member_whose_membership_does_not_inherit(
    people: People, binaries: Binaries, option: str, may: bool
) -> None:
    if binaries.major < 16:
        pytest.skip("a membership has no such option before PostgreSQL 16")
    (found,) = await people.notes(ALTER, f"GRANT {{owner}} TO {{app}} WITH {option}")
    assert found.endswith('Set role = "owner" for this target in koonj.toml.') is may


async def test_statement_that_needs_no_rehearsal_is_named_without_one(people: People) -> None:
    people.project.write("001_schema.sql", f"/* ours */ CREATE  Schema s;{NONE}")
    people.sql(f"GRANT CREATE ON DATABASE {people.suffix} TO {{owner}}")
    mine = people.project.target
    people.project.target = replace(mine, dsn=conninfo.make_conninfo(mine.dsn, user=people.app))
    (made,) = events_of_kind(await people.project.apply(plan_only=True), PlanMade)
    people.project.target = mine
    assert any("may not create schemas in database" in note for note in made.plan.notes)


async def test_owner_of_the_schema_may_drop_a_table(people: People) -> None:
    assert await people.notes("DROP TABLE t2;", "ALTER SCHEMA public OWNER TO {app}") == []


async def test_table_that_the_plan_replaces_belongs_to_the_role(people: People) -> None:
    body = "BEGIN; DROP TABLE t2; CREATE TABLE t2 (id int); ALTER TABLE t2 ADD COLUMN b int; COMMIT;"
    assert await people.notes(body, "ALTER SCHEMA public OWNER TO {app}") == []


@pytest.mark.parametrize(
    ("body", "grants", "named"),
    [
        ("CREATE TABLE a (b int REFERENCES t1);", "", True),
        ("CREATE TABLE a (b int REFERENCES t1);", "GRANT REFERENCES (id) ON t1 TO {app}", False),
        ("CREATE TABLE a (b int REFERENCES t3);", "GRANT REFERENCES ON t3 TO {app}", False),
        ("BEGIN; CREATE TABLE a (b int); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES t1; COMMIT;", "", True),
        ("CREATE TABLE a (b int);", "", False),
    ],
    ids=["new table", "column", "partitioned", "alter", "no foreign key"],
)
async def test_referenced_table(people: People, body: str, grants: str, named: bool) -> None:
    found = await people.notes(body, grants)
    words = "role app may not refer to public.t1. Needed once, from its owner: GRANT REFERENCES ON public.t1 TO app;"
    assert [note.partition("': ")[2] for note in found] == [words] * named


@pytest.mark.parametrize(
    ("body", "grants", "words"),
    [
        (
            "CREATE SCHEMA IF NOT EXISTS s;",
            "",
            "role app may not create schemas in database test_db. Needed once: GRANT CREATE ON DATABASE test_db TO app;",
        ),
        ("CREATE SCHEMA s;", "GRANT CREATE ON DATABASE test_db TO {app}", None),
        (
            "CREATE EXTENSION pg_trgm;",
            "",
            "extension pg_trgm needs the right to create in database test_db. "
            "Needed once: GRANT CREATE ON DATABASE test_db TO app;",
        ),
        ("CREATE EXTENSION pg_trgm;", "GRANT CREATE ON DATABASE test_db TO {app}", None),
        (
            "CREATE EXTENSION \"file_fdw\" SCHEMA public VERSION '1.0';",
            "GRANT CREATE ON DATABASE test_db TO {app}",
            "only a superuser may create extension file_fdw, and role app is none. Let one create it, and write "
            "CREATE EXTENSION IF NOT EXISTS.",
        ),
        ("CREATE EXTENSION IF NOT EXISTS file_fdw;", "CREATE EXTENSION file_fdw", None),
        (
            "CREATE ROLE {app}_x;",
            "",
            "role app may not create or drop roles. Needed once: ALTER ROLE app CREATEROLE;",
        ),
        ("BEGIN; CREATE ROLE {app}_x; DROP ROLE {app}_x; COMMIT;", "ALTER ROLE {app} CREATEROLE", None),
    ],
    ids=[
        "schema",
        "allowed schema",
        "trusted",
        "allowed trusted",
        "untrusted",
        "extension that exists",
        "role",
        "allowed role",
    ],
)
async def test_schemas_extensions_and_roles(
    people: People, body: str, grants: str, words: str | None
) -> None:
    grants = grants.replace("test_db", people.suffix)
    found = await people.notes(body.format(app=people.app), grants)
    words = None if words is None else words.replace("test_db", "db")
    assert [note.partition("': ")[2] for note in found] == ([] if words is None else [words])


UNTRUSTED = "CREATE EXTENSION file_fdw;"


@pytest.mark.parametrize(
    ("service", "member", "words"),
    [
        ("rds_superuser", True, None),
        (
            "rds_superuser",
            False,
            "only a superuser or a member of rds_superuser may create extension file_fdw",
        ),
        ("cloudsqlsuperuser", True, None),
        ("azure_pg_admin", True, None),
        ("supabase_admin", False, None),
        ("neon_superuser", False, None),
    ],
)
async def test_on_a_managed_service_only_what_is_known_is_said(
    people: People, service: str, member: bool, words: str | None
) -> None:
    """Such a service lets some roles create extensions that need a superuser elsewhere."""
    people.sql(f"CREATE ROLE {service}")
    try:
        grant = f"GRANT {service} TO {{app}}" if member else ""
        found = await people.notes(UNTRUSTED, grant, agrees=False)
    finally:
        people.sql(f"DROP ROLE {service}")
    assert [words in note for note in found if words is not None] == ([] if words is None else [True])
    assert bool(found) is (words is not None)


async def test_login_without_superuser_that_runs_the_database(people: People) -> None:
    """As on Supabase and RDS: it may create roles and schemas, and not alter what the service's superuser owns."""
    people.sql(f"ALTER ROLE {{app}} CREATEROLE; GRANT CREATE ON DATABASE {people.suffix} TO {{app}}")
    body = f"BEGIN; CREATE SCHEMA s; CREATE ROLE {people.app}_x; DROP ROLE {people.app}_x; {ALTER} COMMIT;"
    (found,) = await people.notes(body, "ALTER TABLE t1 OWNER TO postgres")
    assert found.endswith(
        "public.t1 belongs to postgres, and role app does not have its rights. "
        "Connect as postgres, or once, as a superuser: ALTER TABLE … OWNER TO app;"
    )


async def test_each_migration_has_one_line_for_each_owner(people: People) -> None:
    tables = " ".join(f"ALTER TABLE {name} ADD COLUMN b int;" for name in ("t1", "t2", "t3"))
    grants = "ALTER TABLE t3_a OWNER TO {owner}"
    (found,) = await people.notes(
        f"BEGIN; {tables} COMMIT;", grants, later="ALTER TABLE t2 ADD COLUMN c int;"
    )
    assert '\': public.t1, public.t2, public.t3 and 1 more belong to "owner", and' in found


NOT_OWNED = 'belongs to "owner", and role app does not have its rights. Connect as "owner", or once: GRANT "owner" TO app;'
CLOSED = "role app may not create in schema public. Needed once: GRANT CREATE ON SCHEMA public TO app;"
NEW = "RETURNS int LANGUAGE sql AS 'SELECT 2'"


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            f"CREATE OR REPLACE FUNCTION f() {NEW}",
            f"'create function f': function public.f {NOT_OWNED}",
        ),
        ("ALTER FUNCTION f(int) STABLE", f"'alter function f stable': function public.f {NOT_OWNED}"),
        ("DROP ROUTINE IF EXISTS public.f()", f"'drop routine public.f': function public.f {NOT_OWNED}"),
        (
            "ALTER TYPE public.MOOD ADD VALUE 'bad'",
            f"'alter type public.MOOD add value 'bad'': type public.mood {NOT_OWNED}",
        ),
        ("DROP TYPE IF EXISTS absent, mood", f"'drop type absent and 1 more': type public.mood {NOT_OWNED}"),
        ("CREATE POLICY p ON t1 USING (id > 0)", f"'create policy p on t1': public.t1 {NOT_OWNED}"),
        (
            "ALTER TABLE t1 FORCE ROW LEVEL SECURITY",
            f"'alter table t1 force row level security': public.t1 {NOT_OWNED}",
        ),
    ],
)
async def test_function_type_or_policy_of_somebody_else(people: People, statement: str, said: str) -> None:
    assert await people.notes(f"{statement};") == [said]


@pytest.mark.parametrize(
    "statement",
    [f"CREATE FUNCTION g() {NEW}", "CREATE TYPE pair AS (a int)", "CREATE DOMAIN public.d AS int"],
)
async def test_schema_in_which_no_function_or_type_may_be_created(people: People, statement: str) -> None:
    (found,) = await people.notes(f"{statement};", "REVOKE CREATE ON SCHEMA public FROM {app}")
    assert found.endswith(f"': {CLOSED}")


async def test_function_and_type_that_the_role_may_change_are_not_named(people: People) -> None:
    own = "CREATE SCHEMA s AUTHORIZATION {app}; ALTER ROLE {app} SET search_path = s, public"
    body = f"""
    CREATE FUNCTION f() {NEW};
    CREATE OR REPLACE FUNCTION f() {NEW};
    ALTER FUNCTION f() STABLE;
    CREATE TYPE mood AS ENUM ('bad');
    ALTER TYPE mood ADD VALUE 'worse';
    DROP FUNCTION s.f();
    CREATE OR REPLACE FUNCTION public.f(a text) {NEW};
    """
    assert await people.notes(body, own) == []


async def test_owner_of_the_schema_may_drop_what_somebody_else_owns(people: People) -> None:
    owns = "ALTER SCHEMA public OWNER TO {app}"
    assert await people.notes("DROP FUNCTION f(); DROP FUNCTION f(int); DROP TYPE mood;", owns) == []


async def test_other_search_path_of_the_migration_is_unknown(people: People) -> None:
    """f of schema s is the role's own one."""
    own = f"CREATE SCHEMA s AUTHORIZATION {{app}}; CREATE FUNCTION s.f() {NEW}; ALTER FUNCTION s.f() OWNER TO {{app}}"
    assert await people.notes("SET search_path = s; ALTER FUNCTION f() STABLE;", own) == []
