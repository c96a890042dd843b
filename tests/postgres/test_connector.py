"""Failed logins, and passwords from the configuration."""

import stat
import traceback
from pathlib import Path

import pytest
from psycopg.conninfo import make_conninfo

from koonj.config import Password, Target
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.shared_server import open_shared
from koonj.postgres.password import read_password


async def _refusal(dsn: str) -> ConnectError:
    async with Connector() as connector:
        with pytest.raises(ConnectError) as caught:
            await connector.connect(Target("t", dsn))
    return caught.value


async def test_hint_distinguishes_a_rejected_login_from_an_unreachable_server(database: str) -> None:
    assert "Create the database nowhere" in (await _refusal(make_conninfo(database, dbname="nowhere"))).hint
    assert "No server listens there" in (await _refusal("host=127.0.0.1 port=1 dbname=x user=y")).hint
    assert "service" in (await _refusal("service=there_is_none")).hint


@pytest.mark.parametrize(
    ("source", "value"), [("command", "echo s3cret; echo more"), ("env", "KOONJ_TEST_PW"), ("file", "pw")]
)
def test_password_is_the_first_line(
    source: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KOONJ_TEST_PW", "s3cret")
    (tmp_path / "pw").write_text("s3cret\n")
    assert read_password(Password(source, value)) == "s3cret"


def test_password_command_cannot_read_from_the_terminal() -> None:
    with pytest.raises(ValueError, match="failed with exit status"):
        read_password(Password("command", "read x </dev/tty && echo $x"))
    assert read_password(Password("command", "cat; echo it went on")) == "it went on"


def test_message_of_a_failed_password_command_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="exit status 3") as caught:
        read_password(Password("command", "echo token s3cret >&2; exit 3"))
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("source", ["command", "file"])
def test_password_that_is_not_utf8_is_not_repeated(source: str, tmp_path: Path) -> None:
    file = tmp_path / "pw"
    file.write_bytes(b"s3cret\xff")
    with pytest.raises(ValueError, match="is not UTF-8") as caught:
        read_password(Password(source, f"cat {file}" if source == "command" else str(file)))
    assert "0xff" not in str(caught.value)
    assert caught.value.__suppress_context__


async def test_password_in_an_invalid_connection_string_is_in_no_exception() -> None:
    refusal = await _refusal("host=x password=s3 cret")
    assert "s3" not in "".join(traceback.format_exception(refusal))


def test_log_of_the_embedded_server_is_readable_only_by_its_owner(home: Path) -> None:
    with open_shared() as lease:
        assert stat.S_IMODE(lease.home.log.stat().st_mode) == 0o600
