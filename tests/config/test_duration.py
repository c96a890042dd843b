"""Tests for durations in PostgreSQL's notation."""

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.config.duration import milliseconds


class TestDuration:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("5s", 5000),
            ("500ms", 500),
            ("2min", 120_000),
            ("250", 250),
            ("0", 0),
            ("1.5s", 1500),
            (" 5 s ", 5000),
            ("1h", 3_600_000),
            ("1d", 86_400_000),
            ("1500us", 2),
            ("2147483647", 2_147_483_647),
        ],
    )
    def test_duration_is_converted_to_milliseconds(self, text: str, expected: int) -> None:
        assert milliseconds(text) == expected

    @pytest.mark.parametrize(
        "text", ["", "5S", "5sec", "-1", "s", "5 s s", "٥s", "2147483648", "30d", "5s; DROP"]
    )
    def test_invalid_duration_is_none(self, text: str) -> None:
        assert milliseconds(text) is None

    def test_milliseconds_equal_those_of_postgresql(self, database: str) -> None:
        texts = ["5s", "500ms", "2min", "250", "0", "1.5s", " 5 s ", "1h", "1d", "1500us", ".5s", "2.", "24d"]
        with psycopg.connect(database) as connection:
            for text in texts:
                connection.execute("SELECT set_config('lock_timeout', %s, false)", (text,))
                row = connection.execute(
                    "SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'"
                ).fetchone()
                assert row == (milliseconds(text),), text

    @given(st.text())
    def test_any_text_gives_none_or_milliseconds(self, text: str) -> None:
        assert milliseconds(text) is None or milliseconds(text) >= 0  # type: ignore[operator] # the line asks
