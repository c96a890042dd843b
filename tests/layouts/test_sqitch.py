"""What sqitch would run: the plan and its ids, reworked changes, scripts of psql, other folders and registries."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import Target
from koonj.migrations.folder import Folder, FolderReader
from koonj.migrations.layouts.psql_variables import psql_variable
from koonj.migrations.layouts.sqitch_plan import read_plan
from koonj.migrations.layouts.sqitch_settings import SqitchSettings, sqitch_settings
from koonj.postgres.connector import Connector
from koonj.runner.target.status import read_status
from support.tool_truth import migrations_of

HEAD = "%syntax-version=1.0.0\n%project=shop\n"
BY = "2026-11-30T23:11:45Z Ann Example <ann@example.org>"
SQL = "BEGIN;\nSELECT 1;\nCOMMIT;\n"


def read(path: Path, files: dict[str, str], folder: str = ".") -> Folder:
    for name, text in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    return FolderReader(path / folder, path).read()


def plan(*lines: str) -> str:
    return HEAD + "\n" + "".join(f"{line}\n" for line in lines)


def test_only_a_plan_is_recognised(tmp_path: Path) -> None:
    script = "-- Deploy shop:a to pg\n" + SQL
    cases = {
        "plan": ({"sqitch.plan": plan()}, "sqitch.plan"),
        "another name": ({"own.plan": plan(), "sqitch.conf": "[core]\nplan_file = x/own.plan\n"}, "own.plan"),
        "no plan": ({"sqitch.plan": "# words\n", "a.sql": script}, None),
        "scripts": ({"deploy/a.sql": script}, None),
        "koonj below a plan": ({"../sqitch.plan": plan(), "001_a.sql": SQL}, None),
    }
    for case, (files, evidence) in cases.items():
        layout = read(tmp_path / case / "folder", files).layout
        assert (layout.evidence if layout else None) == evidence, case
        assert layout is None or layout.name == "sqitch"


def test_ids_are_those_that_sqitch_has_recorded() -> None:
    with_uri = (
        "%syntax-version=1.0.0\n%project=shop\n%uri=https://example.org/shop\n\n"
        "users 2026-11-29T20:24:51Z Ann Example <ann@example.org> # The users.\r\n"
        "posts [users] 2026-11-29T20:24:51Z Ann Example <ann@example.org> # Posts: needs users.\r\n"
        "@v1 2026-11-29T20:24:53Z Ann Example <ann@example.org> # first\n"
    )
    users = "4cda2a80b5a618fa94278342faf102958745ba0f"
    ids = [users, "7ebfab31e024b014d260f042f5f2e1227870e0d7"]
    assert [change.id for change in read_plan(with_uri).changes] == ids
    for same in ("HTTPS://Example.ORG:443/shop", "https://example.org/shop # words"):
        text = with_uri.replace("https://example.org/shop", same)
        assert [change.id for change in read_plan(text).changes] == ids
    assert users not in {change.id for change in read_plan(with_uri.replace("/shop", "/store")).changes}


def test_notes_have_escapes(tmp_path: Path) -> None:
    one, two = read_plan(plan(f"a {BY} #  x \\n y\\\\n # z ", f"+ b {BY}")).changes
    assert (one.planned.note, two.planned.note, two.name) == ("x \n y\\n # z", "", "b")


BROKEN = {
    "The plan has no %project, so sqitch refuses it.": (1, "%syntax-version=1.0.0\n%projects=x\n\n"),
    "The plan has no empty line between its %pragmas and its changes, so sqitch refuses it.": (
        3,
        HEAD + f"a {BY}\n",
    ),
    "The plan has a line that is neither a change nor a tag, so sqitch refuses it.": (5, plan("# x", "a b")),
    "The plan cannot have the tag @v1 here, so sqitch refuses it.": (4, plan(f"@v1 {BY}")),
    "The plan has the change a twice without a tag in between, so sqitch refuses it.": (
        5,
        plan(f"a {BY}", f"a {BY}"),
    ),
    "The plan has b@ as a dependency, which has not that form, so sqitch refuses it.": (
        4,
        plan(f"a [b@] {BY}"),
    ),
}


@pytest.mark.parametrize("message", BROKEN)
def test_a_plan_that_sqitch_refuses_is_a_problem_with_its_line(message: str, tmp_path: Path) -> None:
    line, text = BROKEN[message]
    folder = read(tmp_path, {"sqitch.plan": text})
    assert folder.migrations == ()
    assert [(name, p.message, p.line) for name, p in folder.problems] == [("sqitch.plan", message, line)]


def test_a_reworked_change_has_the_tag_in_its_name(tmp_path: Path) -> None:
    lines = [f"a {BY}", f"b {BY}", f"@v1 {BY}", f"c {BY}", f"@v2 {BY}", f"a [a@v2] {BY}", f"@v3 {BY}"]
    files = {"sqitch.plan": plan(*lines, f"a [a@v3] {BY}", f"d [a@v1 @v2 b] {BY}")}
    files |= {f"deploy/{name}.sql": SQL for name in ("a@v1", "a@v3", "a", "b", "c", "d")}
    files["revert/a@v1.sql"] = SQL
    folder = read(tmp_path, files)
    assert [(one.name, one.number, one.has_rollback) for one in folder.migrations] == [
        ("a@v1", 1, True),
        ("b", 2, False),
        ("c", 3, False),
        ("a@v3", 4, False),
        ("a", 5, False),
        ("d", 6, False),
    ]
    assert [problem for one in folder.migrations for problem in one.problems] == []


def test_what_koonj_or_sqitch_cannot_run_is_named(tmp_path: Path) -> None:
    lines = [
        f"a [z] {BY}",
        f"b [b@v9 other:z !y a] {BY}",
        f"c {BY}",
        f"d {BY}",
        f"e/f {BY}",
    ]
    files = {
        "sqitch.plan": plan(*lines),
        "deploy/a.sql": SQL,
        "deploy/b.sql": SQL,
        "deploy/d.sql": "\\i x.sql\nSELECT 1;\n",
        "deploy/e/f.sql": "SELECT 1;\n\nSELECT :'x';\n",
        "revert/e/f.sql": "SELECT :y;\n",
        "verify/a.sql": SQL,
    }
    folder = read(tmp_path, files)
    assert {one.name: [p.message for p in one.problems] for one in folder.migrations} == {
        "a": ["It requires z, which is not before it in the plan."],
        "b": ["It requires b@v9, which is not before it in the plan."],
        "c": ["deploy/c.sql is missing, so sqitch cannot deploy it."],
        "d": ["\\i is a psql meta-command that koonj does not run."],
        "e/f": [
            "koonj cannot run it: psql replaces :'x' by the value of a variable. (deploy/e/f.sql:3)",
            "koonj cannot run it: psql replaces :y by the value of a variable. (revert/e/f.sql:1)",
        ],
    }


VARIABLES = {
    "SELECT 1;\n SELECT :x;": ":x",
    'CREATE TABLE :"schema".t ();': ':"schema"',
    "SELECT a[:'x'];": ":'x'",
    "SELECT a::int, ':x', $$ :x $$, a[1:n] /* :x */; -- :x": None,
    "SELECT f(a := 1);": None,
}


def test_variables_of_psql_are_found_outside_of_quotes() -> None:
    for text, written in VARIABLES.items():
        found = psql_variable(text)
        assert (found.written if found else None) == written, text


def test_scripts_run_without_a_transaction_of_the_tool(tmp_path: Path) -> None:
    index = "CREATE INDEX CONCURRENTLY i ON t (id);\nSELECT 1;\n"
    files = {"sqitch.plan": plan(f"a {BY}", f"b {BY}"), "deploy/a.sql": index, "deploy/b.sql": SQL}
    one, two = read(tmp_path, files).migrations
    assert one.shape.explanation == "2 statements outside a transaction, committed separately"
    assert one.problems == two.problems == ()


def test_the_configuration_is_read_as_sqitch_reads_it() -> None:
    text = """
[core] # x
    engine = pg
    top_dir = "sql/all" ; x
    extension = psql
[engine "pg"]
    registry = "a\\"b" # x
    Revert_Dir = ./back/
[target "production"]
    registry = c
[user]
    name = Ann  \\"A\\" A#1  Example ; x
    email = "a;b"@example.org
nonsense
"""
    assert sqitch_settings(text) == SqitchSettings(
        "sql/all/sqitch.plan",
        "sql/all/deploy",
        "back",
        "psql",
        'a\\"b',
        'Ann "A" A#1 Example',
        "a;b@example.org",
    )
    assert sqitch_settings("") == SqitchSettings()


def test_scripts_are_found_where_the_configuration_says(tmp_path: Path) -> None:
    configuration = "[core]\n\ttop_dir = sql\n\tdeploy_dir = sql/up\n\textension = ddl\n"
    files = {"sqitch.conf": configuration, "sql/sqitch.plan": plan(f"a {BY}"), "sql/up/a.ddl": SQL}
    (one,) = read(tmp_path, {**files, "sql/revert/a.ddl": SQL}, "sql").migrations
    assert (one.shown_path, one.has_rollback, one.problems) == ("sql/up/a.ddl", True, ())


async def test_the_registry_can_have_another_schema_and_no_hashes(
    database: str, tmp_path: Path, connector: Connector
) -> None:
    files = {
        "sqitch.plan": plan(f"a {BY}", f"b {BY}", f"c {BY}"),
        "sqitch.conf": '[engine "pg"]\n\tregistry = own\n',
        **{f"deploy/{name}.sql": SQL for name in "abc"},
    }
    folder = read(tmp_path, files)
    a, b, _ = (one.version.partition(":")[2] for one in migrations_of(folder))
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(
            b"CREATE SCHEMA own; CREATE TABLE own.changes (change_id text, script_hash text, change text, "
            b"project text, committed_at timestamptz)"
        )
        conn.execute(
            "INSERT INTO own.changes VALUES (%s, NULL, 'a', 'shop', now()), (%s, %s, 'b', 'shop', now())",
            (a, b, b),
        )
    status = await read_status(connector, Target("local", database), folder)
    assert (status.error, status.tool_history) == (None, "own.changes")
    assert [one.state.value for one in status.migrations] == ["applied", "applied", "pending"]
