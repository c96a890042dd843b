"""The times of the history come from the server's clock."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

COMMANDS = [
    ["apply", "--all", "--yes"],
    ["apply", "--all", "--yes", "--allow", "late", "--reason", "first"],
    ["rollback", "--yes"],
]
PROGRAM = """
import json, sys, time
offset = float(sys.argv[1])
real = time.time
time.time = lambda: real() + offset
time.time_ns = lambda: int(time.time() * 1e9)
from koonj.cli.main import main
for command in json.loads(sys.argv[2]):
    main(command)
"""


@pytest.mark.slow
@pytest.mark.parametrize("days", [-400, 400])
def test_history_has_times_of_the_server_if_the_client_has_another_clock(
    database: str, tmp_path: Path, days: int
) -> None:
    folder = tmp_path / "migrations"
    folder.mkdir()
    with psycopg.connect(database, autocommit=True) as conn:  # no text of a time depends on it
        here = sql.Identifier(conn.info.dbname)
        conn.execute(sql.SQL("ALTER DATABASE {} SET extra_float_digits TO -15").format(here))
    (folder / "002_steps.sql").write_text("CREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);\n")
    (folder / "003_fails.sql").write_text("BEGIN;\nSELECT pg_sleep(0.1), 1/(2-2);\nCOMMIT;\n")
    _koonj(tmp_path, database, days, COMMANDS[:1])
    (folder / "001_late.sql").write_text(
        "BEGIN;\nSELECT pg_sleep(0.1);\nCOMMIT;\n\n-- Rollback:\n-- SELECT 1;\n"
    )
    (folder / "003_fails.sql").unlink()
    _koonj(tmp_path, database, days, COMMANDS[1:])
    with psycopg.connect(database) as conn:
        rows = conn.execute(
            "SELECT name, action, outcome, started BETWEEN now() - interval '5 min' AND finished,"
            " finished <= clock_timestamp() FROM koonj.history ORDER BY id"
        ).fetchall()
        [(took,)] = conn.execute(
            "SELECT extract(epoch FROM finished - started) FROM koonj.history"
            " WHERE name = '001_late.sql' AND action = 'apply'"
        ).fetchall()
    assert rows == [
        ("002_steps.sql", "apply", "done", True, True),
        ("003_fails.sql", "apply", "failed", True, True),
        ("001_late.sql", "allow", "done", True, True),
        ("001_late.sql", "apply", "done", True, True),
        ("001_late.sql", "rollback", "done", True, True),
    ]
    assert 0.1 <= took < 30


def _koonj(folder: Path, dsn: str, days: int, commands: list[list[str]]) -> None:
    words = json.dumps([[*command, "--dsn", dsn] for command in commands])
    subprocess.run(
        [sys.executable, "-c", PROGRAM, str(days * 86400), words], cwd=folder, capture_output=True, check=True
    )
