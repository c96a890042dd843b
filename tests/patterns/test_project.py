"""Test the sample project's own pattern on the sample's schema."""

from pathlib import Path
from typing import Any

from koonj.migrations.migration import Migration
from koonj.patterns.pattern import load, render

DATABASE = Path(__file__).parents[2] / "database"


def test_keep_updated_at_creates_a_trigger(bench: Any) -> None:
    patterns, problems = load(DATABASE / "patterns")
    assert not problems, [str(problem) for problem in problems]
    (keep,) = (pattern for pattern in patterns if pattern.path.is_relative_to(DATABASE))
    migrations = sorted((DATABASE / "migrations").glob("*.sql"))
    assert bench.run("".join(file.read_text() for file in migrations)).returncode == 0
    (draft,) = render(keep, {"table": "feedback"})
    assert not Migration.from_recorded("016_x.sql", draft.text).problems
    bench.apply_rollback_apply(draft)
    found = "SELECT count(*) FROM pg_trigger WHERE tgname = 'feedback_set_updated_at'"
    assert bench.sql(found) == [(1,)]
