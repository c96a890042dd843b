"""Test what `koonj apply` says of rows that a migration will refuse."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.runner.preflight import ask as asking
from support.command import Project

pytestmark = pytest.mark.slow

BASE = "BEGIN;\nCREATE TABLE documents (key text PRIMARY KEY, owner_id int);\nCOMMIT;\n"
STRICT = "BEGIN;\nALTER TABLE documents ALTER owner_id SET NOT NULL;\nCOMMIT;\n"
SENTENCE = "will fail: 2 rows of public.documents have owner_id NULL, for example key hidden-1, hidden-2"


@pytest.fixture
def filled(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A target with a table of three rows, of which a pending migration refuses two."""
    monkeypatch.setenv("KOONJ_REHEARSE", "1")
    project.write("001_base.sql", BASE)
    project.koonj("apply", "--yes", "--preflight", "off")
    with psycopg.connect(project.dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO documents VALUES ('hidden-1', NULL), ('hidden-2', NULL), ('hidden-3', 1)"
        )
    project.write("002_strict.sql", STRICT)
    return project


def test_plan_names_the_rows_and_a_query(filled: Project) -> None:
    shown = filled.koonj("apply", "--plan").out
    lines = shown.splitlines()
    assert "rows: 1 will fail (what the migrations demand of the target's rows)" in lines
    at = lines.index(f"  line 2 {SENTENCE}")
    assert lines[at + 1] == "     SELECT key FROM public.documents AS documents WHERE owner_id IS NULL;"
    assert "The target's rows were asked at " in shown


def test_plan_in_json_has_the_same_as_values(filled: Project) -> None:
    (made,) = [e for e in filled.koonj("apply", "--plan", "--json").events if e["event"] == "plan_made"]
    (check,) = made["plan"]["migrations"][0]["row_checks"]
    assert check["message"] == SENTENCE
    assert {key: check[key] for key in ("statement", "line", "kind", "relation", "outcome", "rows")} == {
        "statement": 1,
        "line": 2,
        "kind": "not_null",
        "relation": "public.documents",
        "outcome": "will_fail",
        "rows": 2,
    }
    assert check["query"].endswith("WHERE owner_id IS NULL;")


def test_migration_that_was_not_rehearsed_has_a_line_that_says_so(filled: Project) -> None:
    """The one before it fails in its rehearsal."""
    filled.write("002_strict.sql", STRICT.replace("owner_id", "nothing"))
    filled.write("003_after.sql", STRICT)
    line = "not known what this migration demands of the target's rows: "
    shown = filled.koonj("apply", "--all", "--plan").out.splitlines()
    assert "rows: 2 are not known in 002, 003 (what the migrations demand of the target's rows)" in shown
    assert f"  {line}it fails in the rehearsal" in shown
    assert f"  {line}it could not be rehearsed" in shown
    (made,) = [
        e for e in filled.koonj("apply", "--all", "--plan", "--json").events if e["event"] == "plan_made"
    ]
    outcomes = [[c["outcome"] for c in one["row_checks"]] for one in made["plan"]["migrations"]]
    assert outcomes == [["not_known"], ["not_known"]]


def test_off_asks_nothing_and_a_clean_table_passes(filled: Project) -> None:
    assert "documents have" not in filled.koonj("apply", "--plan", "--preflight", "off").out
    filled.sql("UPDATE documents SET owner_id = 1")
    shown = filled.koonj("apply", "--plan", "--preflight", "exact").out
    assert "the target's rows pass 1 check of this migration" in shown


def test_yes_asks_only_if_preflight_is_given_and_no_key_is_kept(filled: Project, home: Path) -> None:
    """A run that nobody reads asks nothing. What it is told to ask is in no file of koonj, and not in the history."""
    quiet = filled.koonj("apply", "--yes")
    assert "for example" not in quiet.out
    told = filled.koonj("apply", "--yes", "--preflight", "quick")
    assert SENTENCE in told.out
    assert told.code != 0
    written = [file for folder in home.rglob("runs") for file in folder.rglob("*") if file.is_file()]
    assert written, "there is a journal of each run"
    assert not [file for file in written if b"hidden-1" in file.read_bytes()]
    assert "hidden-1" not in str(filled.sql("SELECT h::text FROM koonj.history AS h"))


def test_what_a_quick_question_left_open_names_the_option_that_answers_it(
    filled: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.sql("UPDATE documents SET owner_id = 1")
    monkeypatch.setattr(asking, "SMALL", 1)
    monkeypatch.setattr(asking, "SAMPLE", 1e-9)
    shown = filled.koonj("apply", "--plan").out
    assert "was read, and passes; to read all: --preflight exact\n" in shown
    (made,) = [e for e in filled.koonj("apply", "--plan", "--json").events if e["event"] == "plan_made"]
    (check,) = made["plan"]["migrations"][0]["row_checks"]
    assert check["limit"] == "sample"
    assert "--preflight" not in check["message"]
