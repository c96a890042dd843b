"""What an error of PostgreSQL says, and what it means."""

from __future__ import annotations

import psycopg
import pytest

from koonj.postgres.errors import error_message


def test_the_message_is_the_servers(database: str) -> None:
    with psycopg.connect(database) as conn, pytest.raises(psycopg.errors.UndefinedTable) as raised:
        conn.execute("SELECT * FROM missing")
    assert error_message(raised.value) == 'relation "missing" does not exist'
    assert "LINE 1" in str(raised.value)


def test_without_a_server_the_message_is_the_librarys() -> None:
    assert error_message(psycopg.OperationalError("the connection is lost\n")) == "the connection is lost"


def test_an_error_without_words_has_its_class() -> None:
    assert error_message(psycopg.OperationalError()) == "OperationalError"
