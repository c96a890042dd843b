"""Tokens of Amazon RDS and passwords of the keyring. AWS itself is not asked: a token is made on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import botocore.auth
import botocore.session
import psycopg
import pytest

from koonj.config import Password, Target
from koonj.postgres import password as passwords
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.postgres.password import read_password
from support.network_server import NetworkServer, network_server

HBA = "local all all trust\nhost all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
HOST = "app.c1.eu-central-1.rds.amazonaws.com"
TOKEN = Password("aws_rds", "eu-central-1", login=(HOST, "5433", "m@igrator"))
BACKEND = """
import keyring.backend
class Keyring(keyring.backend.KeyringBackend):
    priority = 1
    set_password = delete_password = None
    def get_password(self, service, username):
        return {("app", "migrator"): "right"}.get((service, username))
"""


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Static credentials that are nobody's; return the file of the AWS configuration."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "PGPORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret-key")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws"))
    return tmp_path / "aws"


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[NetworkServer]:
    with network_server(binaries, HBA) as running:
        yield running


def parts_of(token: str) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(token.partition("?")[2]).items()}


def test_token_is_that_of_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    token = read_password(TOKEN)
    made = datetime.strptime(parts_of(token)["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda: made)
    client = botocore.session.Session().create_client("rds", region_name="eu-central-1")
    assert token == client.generate_db_auth_token(HOST, 5433, "m@igrator")
    assert token.startswith(f"{HOST}:5433/?Action=connect&DBUser=m%40igrator&")
    assert parts_of(token)["X-Amz-Credential"].startswith("AKIDEXAMPLE/")
    assert "s3cret-key" not in token


def test_profile_and_port_come_from_where_aws_and_libpq_take_them(
    aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPORT", "6000")
    aws.write_text(
        "[profile ops]\nregion = us-east-2\naws_access_key_id = AKIDOPS\naws_secret_access_key = s3cret\n"
    )
    token = read_password(Password("aws_rds", "", account="ops", login=("db.internal", "", "me")))
    assert token.startswith("db.internal:6000/?Action=connect&DBUser=me&")
    assert parts_of(token)["X-Amz-Credential"].split("/")[0::2] == ["AKIDOPS", "us-east-2", "aws4_request"]


async def test_token_logs_in_and_is_kept_for_its_lifetime(server: NetworkServer) -> None:
    """The server is PostgreSQL, and knows the token as the role's password."""
    now = datetime.now(UTC).timestamp()
    kept = KeptPasswords(lambda: now)
    token = (await kept.get(TOKEN)).text
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE ROLE by_token LOGIN PASSWORD {}").format(token))
    target = Target("t", server.dsn(user="by_token"), password=TOKEN)
    async with Connector(passwords=kept) as connector:
        now += 780
        async with await connector.connect(target) as conn:
            assert conn.info.user == "by_token"
    assert (await kept.get(TOKEN)).was_kept


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (
            Password("aws_rds", "", login=("db", "1", "me")),
            'the host name has no region. Write aws_rds = { region = "…" }',
        ),
        (
            Password("aws_rds", "x-y-1", account="gone", login=("db", "1", "me")),
            "botocore says: The config profile (gone) could not be found",
        ),
    ],
)
async def test_reason_why_there_is_no_token_is_told(password: Password, words: str) -> None:
    async with Connector() as connector:
        with pytest.raises(ConnectError) as caught:
            await connector.connect(Target("production", "host=db", password=password))
    assert caught.value.message == f"The password of target production could not be read: {words}"
    assert caught.value.hint == "Check its password = { … } in koonj.toml."


def test_missing_credentials_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ValueError, match="botocore says: Unable to locate credentials"):
        read_password(TOKEN)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (TOKEN, "aws_rds needs botocore. Run: pip install 'koonj[aws]'"),
        (
            Password("keyring", "app", account="me"),
            "keyring needs keyring. Run: pip install 'koonj[keyring]'",
        ),
    ],
)
def test_missing_package_is_named(password: Password, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match="needs") as caught:
        read_password(password)
    assert str(caught.value) == words


@pytest.fixture
def keyring_backend(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A keyring in memory, with one entry."""
    (tmp_path / "keyring_of_a_test.py").write_text(BACKEND)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring_of_a_test.Keyring")


@pytest.mark.usefixtures("keyring_backend")
async def test_entry_of_the_keyring_logs_in(server: NetworkServer) -> None:
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute("CREATE ROLE by_keyring LOGIN PASSWORD 'right'")
    password = Password("keyring", "app", account="migrator")
    async with (
        Connector() as connector,
        await connector.connect(Target("t", server.dsn(user="by_keyring"), password=password)) as conn,
    ):
        assert conn.info.user == "by_keyring"


def test_reason_why_the_keyring_has_no_password_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    password = Password("keyring", "app", account="me")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with pytest.raises(ValueError, match=r"no entry app for me\. To add it, run: keyring set app me"):
        read_password(password)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(ValueError, match="keyring says: No recommended backend was available"):
        read_password(password)


@pytest.mark.parametrize(
    ("password", "words"),
    [
        (TOKEN, "send a token of your AWS account"),
        (
            Password("aws_rds", "r", "koonj.toml:3", account="ops", login=("h", "", "u")),
            "send a token of your AWS profile ops",
        ),
        (Password("keyring", "app", "koonj.toml:3", account="me"), "send the entry of the keyring app (me)"),
    ],
)
async def test_nothing_is_asked_for_a_folder_without_trust(
    password: Password, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koonj.postgres.kept_passwords.read_password", lambda _: pytest.fail("it was read"))
    async with Connector() as connector:
        with pytest.raises(ConnectError, match="you do not trust this folder yet") as caught:
            await connector.connect(Target("t", "host=127.0.0.1 port=1", password=password, trusted=False))
    assert words in caught.value.message


async def test_token_of_another_cloud_comes_from_its_program(server: NetworkServer, tmp_path: Path) -> None:
    """A stand-in for ``gcloud sql generate-login-token`` and ``az account get-access-token``: a long line."""
    token, count, now = "eyJ" + "a1B2-_." * 300, tmp_path / "count", 1_700_000_000.0
    with psycopg.connect(server.dsn(), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE ROLE cloud LOGIN PASSWORD {}").format(token))
    password = Password("command", f"echo x >> {count}; echo {token}", lifetime=3600.0)
    async with Connector(passwords=KeptPasswords(lambda: now)) as connector:
        for later, runs in ((0, 1), (3539, 1), (2, 2)):
            now += later
            await (await connector.connect(Target("t", server.dsn(user="cloud"), password=password))).close()
            assert len(count.read_text().splitlines()) == runs
