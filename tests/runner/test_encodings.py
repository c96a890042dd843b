"""Targets with other encodings than UTF8: koonj's own SQL, and text that they cannot store."""

from __future__ import annotations

import ast
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo

import koonj
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.apply import context
from koonj.runner.run.events import PlanMade, RunResult
from koonj.runner.run.request import Extent
from support.drift import drift_of
from support.project import Project, events_of_kind, run_finished
from support.rehearsal_folder import RehearsalFolder

SOURCE = Path(koonj.__file__).parent
ENCODINGS = ("LATIN1", "KOI8R", "EUC_JP", "SQL_ASCII")
EVERYTHING = """
BEGIN;
CREATE TABLE t (id int PRIMARY KEY, name text DEFAULT 'x');
CREATE VIEW v AS SELECT id FROM t;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
COMMENT ON TABLE t IS 'a comment';
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w OPTIONS (password 'secret');
CREATE USER MAPPING FOR PUBLIC SERVER s OPTIONS (password 'secret');
COMMIT;

-- Rollback:
-- BEGIN;
-- DROP FOREIGN DATA WRAPPER w CASCADE;
-- DROP FUNCTION f;
-- DROP VIEW v;
-- DROP TABLE t;
-- COMMIT;
"""


def _calls(source: Path) -> Iterator[ast.expr]:
    """Yield the arguments of calls that send or compose SQL."""
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in {"execute", "stream", "SQL", "set_local", "copy"}:
                yield from node.args


def test_sql_of_koonj_is_ascii() -> None:
    """The server would reject other characters if its encoding does not have them."""
    for file in sorted(SOURCE.rglob("queries/**/*.sql")):
        assert file.read_text(encoding="utf-8").isascii(), file
    found = 0
    for source in sorted(SOURCE.rglob("*.py")):
        for argument in _calls(source):
            for node in ast.walk(argument):
                if isinstance(node, ast.Constant) and isinstance(node.value, (str, bytes)):
                    found += 1
                    assert node.value.isascii(), (source, node.lineno)
    assert found > 50


@pytest.fixture(scope="module")
def cluster(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A server without the roles of other tests: each database must be able to show all names of its cluster."""
    with TemporaryServer(binaries) as running:
        yield running


@pytest.fixture
def encoded(project: Project, cluster: TemporaryServer, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project whose target has an encoding."""
    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(cluster.dsn(), autocommit=True) as admin:
        admin.execute(
            f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{request.param}' LC_COLLATE 'C' LC_CTYPE 'C'"
        )
        dsn = conninfo.make_conninfo(cluster.dsn(name), client_encoding="UTF8")
        project.target = replace(project.target, dsn=dsn)
        yield project
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.slow
@pytest.mark.parametrize("encoded", ENCODINGS, indirect=True)
async def test_every_command_works_in_an_encoding(encoded: Project) -> None:
    encoded.write("001_everything.sql", EVERYTHING)
    assert run_finished(await encoded.apply(probe=True)).result is RunResult.PROBED
    assert run_finished(await encoded.apply()).result is RunResult.DONE
    assert await encoded.states() == {"001_everything.sql": "applied"}
    assert (await drift_of(encoded)).differences == ()
    encoded.table(2)
    folder = RehearsalFolder(encoded.path, encoded.connector)
    applied = frozenset({"001_everything.sql"})
    (rehearsal,) = (await folder.rehearse(like=encoded.target, applied=applied, again=True)).values()
    assert rehearsal.is_verified, rehearsal.message
    assert run_finished(await encoded.roll_back()).result is RunResult.DONE


@pytest.mark.parametrize(
    ("encoded", "text", "character"),
    [
        ("LATIN1", "größer", None),
        ("LATIN1", "price in €", "€ (U+20AC EURO SIGN)"),
        ("LATIN1", "größer …", "… (U+2026 HORIZONTAL ELLIPSIS)"),
        ("LATIN2", "łódź", None),
        ("LATIN2", "àé", "à (U+00E0 LATIN SMALL LETTER A WITH GRAVE)"),
        ("LATIN9", "€", None),
        ("KOI8R", "журавль", None),
        ("KOI8R", "ü", "ü (U+00FC LATIN SMALL LETTER U WITH DIAERESIS)"),
        ("EUC_JP", "鶴", None),
        ("EUC_JP", "x 🐘", "🐘 (U+1F418 ELEPHANT)"),
        ("SQL_ASCII", "🐘", None),
    ],
    indirect=["encoded"],
)
async def test_plan_names_text_that_the_target_cannot_store(
    encoded: Project, text: str, character: str | None
) -> None:
    encoded.table(1)
    encoded.write(
        "002_text.sql", f"-- a note\nCREATE TABLE e (a int); -- {text}\n\n-- Rollback: none: test\n"
    )
    end = run_finished(await encoded.apply())
    if character is None:
        assert end.result is RunResult.DONE, end
        [(script,)] = encoded.sql("SELECT script FROM koonj.history WHERE name = '002_text.sql'")
        assert text in (script.decode() if isinstance(script, bytes) else script)
        return
    assert end.result is RunResult.REFUSED
    (conflict,) = end.conflicts
    column = 28 + text.index(character[0])
    assert (conflict.name, conflict.state, conflict.line, conflict.column) == (
        "002_text.sql",
        "not_in_encoding",
        2,
        column,
    )
    encoding = encoded.sql("SHOW server_encoding")[0][0]
    assert conflict.message.endswith(
        f"002_text.sql:2:{column}: The file contains {character}. "
        f"The target cannot store it: its encoding is {encoding}."
    )
    assert encoded.tables() == set()  # nothing ran
    assert run_finished(await encoded.apply(number=1, extent=Extent.UP_TO)).result is RunResult.DONE


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
async def test_plan_names_reasons_and_file_names_too(encoded: Project) -> None:
    encoded.table(2)
    assert run_finished(await encoded.apply()).result is RunResult.DONE
    encoded.table(1)
    options = {"allow": frozenset({"late"}), "plan_only": True}
    events = await encoded.apply(reason="5 € less", **options)
    (conflict,) = events_of_kind(events, PlanMade)[0].plan.conflicts
    assert (conflict.name, conflict.state) == ("", "not_in_encoding")
    assert conflict.message.startswith("The reason contains € (U+20AC EURO SIGN).")
    assert not events_of_kind(await encoded.apply(reason="größer", **options), PlanMade)[0].plan.conflicts


@pytest.mark.parametrize("encoded", ["LATIN1"], indirect=True)
async def test_history_shows_a_question_mark_for_a_user_that_it_cannot_store(
    encoded: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(context, "os_user", lambda: "Łukasz Müller")
    encoded.table(1)
    assert run_finished(await encoded.apply()).result is RunResult.DONE
    assert (await encoded.entries())[0].os_user == "?ukasz Müller"
    [(database,)] = encoded.sql("SELECT current_database()")
    encoded.sql(f"ALTER DATABASE {database} SET standard_conforming_strings = off")
    encoded.write("002_fails.sql", "SELECT 'a\\';\n-- Rollback: none: test\n")
    assert run_finished(await encoded.apply()).result is RunResult.FAILED
    assert "write E'?'" in ((await encoded.entries())[-1].error or "")
