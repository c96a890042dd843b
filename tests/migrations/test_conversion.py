"""Migrations of other tools as koonj's own files."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.conversion import convert
from koonj.migrations.folder import FolderReader
from koonj.sql.problem import first_error
from support.tool_truth import ToolTruth, migrations_of, tools


@pytest.mark.parametrize("tool", tools())
def test_converted_files_run_what_the_tool_runs(tool: str, tmp_path: Path) -> None:
    folder = ToolTruth.of(tool).copy_to(tmp_path / "project")
    found = convert(migrations_of(FolderReader(folder).read()), "/new", "new")
    assert found.migrations
    for number, (old, new) in enumerate(found.migrations, 1):
        assert new.number == number
        assert first_error(new.problems) is None
        assert new.shape.mode == old.shape.mode
        assert len(new.body_summaries) == sum(len(step.statements) for step in old.shape.steps)
        assert (new.rollback_shape is None) is (old.down is None)
    assert all(reason for _, reason in found.refused)


def test_what_cannot_be_converted_has_a_reason(tmp_path: Path) -> None:
    texts = {
        "1_psql.sql": "-- migrate:up\n\\i other.sql\n-- migrate:down\n",
        "2_concurrently.sql": "-- migrate:up\ncreate index concurrently i on t (a)\n-- migrate:down\n",
        "3_marker.sql": "-- migrate:up\nselect $$\n-- migrate:up\n$$\n-- migrate:down\n",
        "4_good.sql": (
            "-- migrate:up\nselect '--', ';' -- end\n-- migrate:down\n"
            "insert into t values ('a  \n\n  \nb\x0cc');\r\nselect (\n-- Rollback: none: x\n2)"
        ),
    }
    for name, text in texts.items():
        (tmp_path / name).write_bytes(text.encode())
    found = convert(migrations_of(FolderReader(tmp_path, layout="dbmate").read()), "/new", "new")
    assert dict(found.refused) == {
        "1_psql.sql": "line 2: \\i is a psql meta-command that koonj does not run.",
        "2_concurrently.sql": (
            "line 2: PostgreSQL refuses this statement inside a transaction: CREATE INDEX CONCURRENTLY."
        ),
        "3_marker.sql": "This is a migration file of dbmate. psql would run its up and its down script.",
    }
    [(_, good)] = found.migrations
    assert good.name == "001_good.sql"
    rollback = good.sections.rollback
    assert rollback is not None
    assert [statement.text for statement in rollback.statements][1:-1] == [
        "insert into t values ('a  \n\n  \nb\x0cc');",
        "select (\n-- Rollback: none: x\n2);",
    ]


def test_comments_are_kept_except_those_of_the_tool(tmp_path: Path) -> None:
    (tmp_path / "1_a.sql").write_text(
        "-- a comment above\n-- +goose Up\n/* the first\n   table */\ncreate table t (id int); -- an id\n"
        "-- +goose StatementBegin\n-- a row\n\ninsert into t values (1);\n-- +goose StatementEnd\n-- the end\n"
        "-- +goose Down\n-- takes back\ndrop table t;\n"
    )
    (tmp_path / "2_b.sql").write_text(
        "-- +goose Up\nselect 1;\n-- koonj: lock_timeout=1s\n-- said twice\nselect 2;\n-- +goose Down\n"
    )
    folder = FolderReader(tmp_path, layout="goose").read()
    [(_, first), (_, second)] = convert(migrations_of(folder), "/new", "new").migrations
    assert first.text.split("\n\n", 1)[1] == (
        "BEGIN;\n\n/* the first\n   table */\ncreate table t (id int);\n\n-- an id\n-- a row\n"
        "insert into t values (1);\n\n-- the end\n\nCOMMIT;\n\n-- Rollback:\n-- BEGIN;\n--\n-- -- takes back\n"
        "-- drop table t;\n--\n-- COMMIT;\n"
    )
    assert "BEGIN;\n\nselect 1;\n\nselect 2;\n\nCOMMIT;" in second.text, "one of them is a setting of koonj"
