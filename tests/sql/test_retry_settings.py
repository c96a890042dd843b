"""Settings with which a migration waits longer, written into the comments of its file."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from koonj.sql.retry_settings import patient_settings, with_settings
from koonj.sql.sections import parse

WANTED = {"lock_wait": "20min", "max_stall": "1s"}
LINE = "-- koonj: lock_wait 20min, max_stall 1s"


@pytest.mark.parametrize(
    ("sqlstate", "lock_wait", "max_stall", "retries", "found"),
    [
        ("55P03", "10min", "500ms", 0, WANTED),
        ("55P03", "90s", "1500", 3, {"lock_wait": "3min", "max_stall": "3s"}),
        ("55P03", "0", "250ms", 0, {"max_stall": "500ms"}),
        ("55P03", "", "", 0, {}),
        ("40P01", "10min", "500ms", 0, {"retries": "5"}),
        ("40001", "10min", "500ms", 2, {}),
        ("42703", "10min", "500ms", 0, {}),
        (None, "10min", "500ms", 0, {}),
    ],
)
def test_settings_for_each_failure(
    sqlstate: str | None, lock_wait: str, max_stall: str, retries: int, found: Mapping[str, str]
) -> None:
    assert patient_settings(sqlstate, lock_wait, max_stall, retries) == found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("SELECT 1;\n", f"{LINE}\nSELECT 1;\n"),
        ("", f"{LINE}\n"),
        ("-- 001_a.sql\n-- Why.\n\nBEGIN;\n", f"-- 001_a.sql\n-- Why.\n{LINE}\n\nBEGIN;\n"),
        ("-- a\r\nSELECT 1;\r\n", f"-- a\r\n{LINE}\r\nSELECT 1;\r\n"),
        ("\ufeffSELECT 1;\n", f"\ufeff{LINE}\nSELECT 1;\n"),
        ("-- a", f"{LINE}\n-- a"),
        ("-- Rollback: none: x\n", f"{LINE}\n-- Rollback: none: x\n"),
        (
            "-- koonj: lock_wait 10min\nSELECT 1;\n",
            "-- koonj: lock_wait 20min\n-- koonj: max_stall 1s\nSELECT 1;\n",
        ),
        (
            "-- a\r\n-- koonj: retries 5, max_stall = '500ms', lock_wait 5min\r\nSELECT 1;\r\n",
            "-- a\r\n-- koonj: retries 5, max_stall = '1s', lock_wait 20min\r\nSELECT 1;\r\n",
        ),
    ],
)
def test_settings_are_written_before_the_first_statement(before: str, after: str) -> None:
    assert with_settings(before, WANTED) == after
    settings = {setting.name: setting.value for setting in parse(after).settings}
    assert {name: settings[name] for name in WANTED} == WANTED
    assert parse(after).body == parse(before).body or len(parse(after).body.statements) == len(
        parse(before).body.statements
    )


def test_a_file_whose_settings_are_wrong_is_left_alone() -> None:
    assert with_settings("-- koonj: lock_wait ten\nSELECT 1;\n", WANTED) is None
