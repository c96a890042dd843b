"""A file that is so large that the screen analyzes it in another process."""

from __future__ import annotations

from pathlib import Path

import pytest

from koonj.migrations.folder import FolderReader
from koonj.tui.documents.analysis import Analysis, analyze
from koonj.tui.documents.analysis_process import analyze_in_process
from koonj.tui.documents.document import is_large

MANY = "INSERT INTO t VALUES ('a text that fills the line');\n" * 6_000
UP, DOWN = "-- migrate:up\n", "-- migrate:down\nDELETE FROM t;\n"
FOLDERS = {
    "dbmate": {"1_a.sql": UP + MANY + DOWN},
    "dbmate, two blocks": {"1_a.sql": UP + MANY + DOWN + UP + DOWN},
    "goose": {"1_a.sql": "-- +goose Up\n" + MANY + "SELECT '$';\n-- +goose Down\nDELETE FROM t;\n"},
    "golang-migrate": {
        "1_a.up.sql": MANY,
        "1_a.down.sql": "DELETE FROM t;\nCREATE INDEX CONCURRENTLY ON t (a);\n",
    },
}


@pytest.mark.parametrize("case", FOLDERS)
async def test_the_analysis_is_the_same_as_in_this_process(case: str, tmp_path: Path) -> None:
    for name, text in FOLDERS[case].items():
        (tmp_path / name).write_text(text)
    (migration,) = FolderReader(tmp_path, tmp_path, case.partition(",")[0]).read().migrations
    assert is_large(migration)
    found = [one async for one in analyze_in_process(migration) if isinstance(one, Analysis)]
    assert found == [analyze(migration)]
    assert found[0].rollback is not None
