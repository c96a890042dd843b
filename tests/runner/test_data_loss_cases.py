"""Test that a verdict names a loss of data exactly if the migration and its rollback lose data.

The cases have rows that koonj does not know. They were measured on PostgreSQL 15 and 18: what is in the database before
the migration and is not there after the rollback is lost.
"""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from koonj.config import ScratchPlace
from koonj.postgres.connector import Connector
from koonj.postgres.embedded.temporary_server import TemporaryServer
from koonj.runner.rehearse.verdict import Verdict
from support.data_loss_cases import DataLossCase, data_loss_cases
from support.database_contents import lost_data, read_contents
from support.rehearsal_folder import RehearsalFolder

pytestmark = pytest.mark.slow

CASES = data_loss_cases()
ONLY_IN_PSQL = ("CONCURRENTLY", "FROM stdin")
"""Words of statements that psycopg cannot send together with others."""
MEASURED_AGAIN = [
    case for case in CASES if not any(word in case.migration + case.rollback for word in ONLY_IN_PSQL)
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_verdict_names_a_loss_if_data_is_lost(
    case: DataLossCase, tmp_path: Path, connector: Connector, server: TemporaryServer
) -> None:
    folder = RehearsalFolder(tmp_path, connector, ScratchPlace(server.dsn()))
    name = case.write(tmp_path)
    found = (await folder.rehearse(name))[name]
    assert found.verdict not in {Verdict.BROKEN, Verdict.UNKNOWN, Verdict.IRREVERSIBLE}, found.message
    assert bool(found.losses) is case.loses, (found.verdict, found.message)
    assert (found.verdict is Verdict.VERIFIED) <= (not case.loses)


@pytest.mark.parametrize("case", MEASURED_AGAIN[::7], ids=lambda case: case.name)
def test_loss_of_a_case_is_measured_again(case: DataLossCase, database: str) -> None:
    """Measure only every seventh case, to save time.

    All of them were measured when they were written.
    """
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(case.schema.encode())
        connection.execute(case.rows.encode())
        before = read_contents(connection)
        connection.execute(case.migration.encode())
        connection.execute(case.rollback.encode())
        assert bool(lost_data(before, read_contents(connection))) is case.loses


def test_all_cases_are_read_and_differ_in_name() -> None:
    assert len({case.name for case in CASES}) == len(CASES) > 70
