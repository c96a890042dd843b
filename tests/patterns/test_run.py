"""Run the files of all patterns with koonj: create, apply, roll back."""

from pathlib import Path
from typing import Any

from koonj.config import Target
from koonj.migrations.new import create
from koonj.postgres.connector import Connector
from koonj.runner.run.request import Extent
from support.project import Project, run_finished

TABLES = """
CREATE TABLE "Order Items" (id int PRIMARY KEY, owner int);
CREATE TABLE users (id int PRIMARY KEY);
INSERT INTO users SELECT generate_series(1, 9);
INSERT INTO "Order Items" SELECT n, n FROM generate_series(1, 9) n;
"""
VALUES = [
    ("add_column", {"table": "Order Items", "column": "State", "default": "'new'"}),
    ("create_index", {"table": "Order Items", "columns": "State, id DESC", "where": "id > 3"}),
    ("add_foreign_key", {"table": "Order Items", "columns": "owner", "references": "users"}),
    ("drop_table", {"table": "Order Items"}),
]


async def test_all_patterns_can_be_applied_and_rolled_back(
    tmp_path: Path, database: str, library: Any, bench: Any
) -> None:
    bench.sql(TABLES)
    folder = tmp_path / "migrations"
    folder.mkdir()
    for key, values in VALUES:
        create(folder, library.drafts(key, **values))
    before = bench.schema()
    async with Connector() as connector:
        project = Project(folder, Target("local", database), connector)
        finished(await project.apply())
        assert set((await project.states()).values()) == {"applied"}
        assert bench.sql('SELECT count(*), min("State") FROM trash."Order Items"') == [(9, "new")]
        finished(await project.roll_back(extent=Extent.ALL))
        assert set((await project.states()).values()) == {"pending"}
        bench.sql("DROP SCHEMA koonj CASCADE")
        assert bench.schema() == before

        create(folder, library.drafts("drop_table_for_good", table="Order Items"))
        finished(await project.apply())
        assert bench.sql("SELECT to_regnamespace('trash')") == [(None,)]
        assert len(await project.states()) == 6


def finished(events: list[Any]) -> None:
    last = run_finished(events)
    assert last.failure is None, last.failure
    assert not last.not_run, last.message
