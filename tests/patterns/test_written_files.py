"""Test that koonj itself has nothing against what its patterns write.

squawk, which sees only the text, warns of some steps that are safe there; it is not asked.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from koonj.cli.main import main
from koonj.migrations.folder import FolderReader
from koonj.migrations.new import create
from support.pattern_cases.all_cases import CASES
from support.pattern_cases.case import Case, plain


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.label)
def test_koonj_check_finds_nothing_in_what_a_pattern_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any, library: Any, case: Case
) -> None:
    names = plain(case.label)  # a name with "drop" or "trash" tells the safety rules that nobody uses it
    folder = tmp_path / "migrations"
    folder.mkdir()
    (tmp_path / "koonj.toml").write_text('migrations = "migrations"\n[checks]\nsquawk = false\n')
    for key, values in (*case.earlier(names), (case.key, case.typed_values(names))):
        create(folder, library.drafts(key, **values))
    monkeypatch.chdir(tmp_path)
    code = main(["check", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [(problem["name"], problem["code"], problem["message"]) for problem in found["problems"]] == []
    assert code == 0
    for migration in FolderReader(folder).read().migrations:
        sections = migration.sections
        reason = sections.none_reason or sections.nothing_reason
        assert reason or (sections.rollback is not None and sections.rollback.statements), migration.name
