"""A hot standby answers what its rows will refuse: it is the cheapest server to ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from koonj.config import ScratchPlace, Target
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.run.row_check import Preflight
from support.preflight import ask
from support.rehearsal_folder import RehearsalFolder
from support.standby import primary_server, standby_server

pytestmark = pytest.mark.slow

BASE = """
CREATE TABLE owners (id int PRIMARY KEY);
CREATE TABLE documents (id int PRIMARY KEY, owner_id int, title text, code text);
CREATE MATERIALIZED VIEW titles AS SELECT title FROM documents;
CREATE UNIQUE INDEX ON titles (title);
"""
MIGRATION = """
REFRESH MATERIALIZED VIEW CONCURRENTLY titles;
ALTER TABLE documents ADD FOREIGN KEY (owner_id) REFERENCES owners;
INSERT INTO owners VALUES (5);
ALTER TABLE documents ALTER owner_id SET NOT NULL, ADD CHECK (10 / id > 0), ALTER code TYPE int USING code::int;
"""


@pytest.fixture(scope="module")
def standby(binaries: Binaries) -> Iterator[TemporaryServer]:
    """A standby of a primary that has rows."""
    with primary_server(binaries) as primary:
        with psycopg.connect(primary.dsn(), autocommit=True) as connection:
            connection.execute(BASE.encode())
            connection.execute("INSERT INTO owners VALUES (5)")
            connection.execute(
                "INSERT INTO documents VALUES (0, 9, '7', '7'), (1, NULL, 'x', 'x'), (2, 5, 'x', 'y')"
            )
        with standby_server(primary) as server:
            yield server


@pytest.mark.parametrize("mode", [Preflight.QUICK, Preflight.EXACT])
async def test_standby_answers(
    tmp_path: Path,
    connector: Connector,
    server: TemporaryServer,
    standby: TemporaryServer,
    mode: Preflight,
) -> None:
    folder = RehearsalFolder(tmp_path, connector, ScratchPlace(server.dsn()))
    folder.write(1, BASE)
    folder.write(2, MIGRATION, "none: a test")
    rehearsal = (await folder.rehearse("002_m.sql"))["002_m.sql"]
    with psycopg.connect(standby.dsn()) as connection:
        assert connection.execute("SELECT pg_is_in_recovery()").fetchall() == [(True,)]
    checks = await ask(connector, Target("standby", standby.dsn()), rehearsal, mode=mode)
    assert [check.message for check in checks] == [
        "passes: nothing is wrong with public.titles",
        "will fail: 1 group of rows of public.titles has the same title after the refresh (titles_title_idx)",
        "will fail: 1 row of public.documents has owner_id without a row in public.owners "
        "(documents_owner_id_fkey), for example id 0",
        "will fail: 1 row of public.owners has the key that it inserts (owners_pkey), for example id 5",
        "will fail: 2 rows of public.documents have a code that cannot become integer, for example id 1, 2",
        "will fail: 1 row of public.documents has owner_id NULL, for example id 1",
    ]
