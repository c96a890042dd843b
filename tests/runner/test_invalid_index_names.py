"""An INVALID index that a DO block skips is found by its name, and only by its name."""

import pytest

from koonj.runner.run.events import RunResult
from support.project import Project, run_finished

NONE = "-- Rollback: none: test\n"


@pytest.fixture
def indexed(project: Project) -> Project:
    """A table with a valid index and an INVALID one, whose name is a part of the other's."""
    project.sql(
        'CREATE TABLE a (x int); CREATE INDEX by_x_2 ON a (x); CREATE INDEX by_x ON a (x); CREATE INDEX "By ""x" ON a (x);'
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid IN ('by_x'::regclass, '\"By \"\"x\"'::regclass)"
    )
    return project


@pytest.mark.parametrize(
    ("index", "stops"), [("by_x_2", False), ("by_x", True), ('"By ""x"', True), ("by_new", False)]
)
async def test_only_an_invalid_index_of_that_name_stops_a_block(
    indexed: Project, index: str, stops: bool
) -> None:
    indexed.write(
        "001_index.sql", f"DO $$ BEGIN CREATE INDEX IF NOT EXISTS {index} ON a (x); END $$;\n{NONE}"
    )
    end = run_finished(await indexed.apply())
    assert (end.result is RunResult.FAILED) is stops, end
    if stops:
        assert end.failure is not None
        assert "INVALID" in end.failure.message
        assert index in end.failure.message
