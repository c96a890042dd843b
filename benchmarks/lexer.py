"""Measure the lexer against sqlparse.split and a plain pass of re.

It also measures how the time grows with the size.

    python benchmarks/lexer.py [ROUNDS]

Prints MB/s (the best of the rounds, measured in turns), the ratio to the lexer, and the time for 2 and 20 MB.
"""

import re
import resource
import sys
import time
from collections.abc import Callable, Mapping

import sqlparse

from koonj.sql import lexer

MEGABYTE = 1_000_000

TABLE = """\
-- Table {0}, as a person would write it.
CREATE TABLE IF NOT EXISTS t{0} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status varchar(50) DEFAULT 'active' NOT NULL CHECK (length(status) > 0),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS t{0}_status_idx ON t{0} (status, created_at DESC) WHERE status <> 'gone';
CREATE OR REPLACE FUNCTION touch{0}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.created_at := now(); -- ; it's quoted
    RETURN NEW;
END;
$$;
"""
ROW = "INSERT INTO documents (id, title, score, created_at) VALUES ({0}, 'it''s {0}', 1.5, '2026-01-01');\n"


def _repeated(pattern: str, size: int) -> str:
    """Repeat the pattern, with a number in it, to at least ``size`` characters."""
    count = size // len(pattern) + 1
    return "".join([pattern.replace("{0}", str(number)) for number in range(count)])


def _texts(size: int) -> Mapping[str, str]:
    rows = (
        "INSERT INTO t VALUES\n"
        + _repeated("({0}, 'a; b', now(), NULL),\n", size)
        + "(0, '', now(), NULL);\n"
    )
    body = "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $body$" + "x; 'y'\n" * (size // 7) + "$body$;\n"
    return {
        "INSERT, a row each": _repeated(ROW, size),
        "INSERT, many rows": rows,
        "DDL": _repeated(TABLE, size),
        "one $body$": body,
    }


def _plain_pass(text: str) -> None:
    """Read every word, number, string and sign with one match each.

    This is the minimum cost of reading in Python.
    """
    for _ in re.finditer(r"\w+|'[^']*'|\s+|[^\w\s']", text):
        pass


def _lexer(text: str) -> None:
    for _ in lexer.scan(text):
        pass


def _seconds(run: Callable[[str], object], text: str) -> float:
    start = time.process_time()
    run(text)
    return time.process_time() - start


def _compare(rounds: int) -> None:
    print(f"{'1 MB of':22}{'lexer':>12}{'plain re pass':>22}{'sqlparse.split':>22}")
    for name, text in _texts(MEGABYTE).items():
        runs: list[Callable[[str], object]] = [_lexer, _plain_pass, sqlparse.split]
        best = [
            min(times)
            for times in zip(*([_seconds(run, text) for run in runs] for _ in range(rounds)), strict=True)
        ]
        speeds = [len(text) / MEGABYTE / seconds for seconds in best]
        line = f"{name:22}{speeds[0]:7.1f} MB/s"
        for speed in speeds[1:]:
            line += f"{speed:11.2f} MB/s {speed / speeds[0]:5.2f}"
        print(line)


def _grow(rounds: int) -> None:
    print(f"\n{'growth':22}{'2 MB':>10}{'20 MB':>10}{'ratio (10 is linear)':>24}")
    large = _texts(20 * MEGABYTE)
    for name, text in _texts(2 * MEGABYTE).items():
        small = min(_seconds(_lexer, text) for _ in range(rounds))
        big = _seconds(_lexer, large[name])
        print(f"{name:22}{small:8.3f} s{big:8.3f} s{big / small:24.1f}")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB, texts included")


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    _compare(number)
    _grow(number)
