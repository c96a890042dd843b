"""Tests that no password is in koonj.toml, which is usually shared."""

import re

import pytest

from koonj.config import Password
from support.config_project import Project

RDS = "app.c1.eu-central-1.rds.amazonaws.com"


class TestPasswords:
    @pytest.mark.parametrize(
        "dsn",
        [
            "postgresql://user:s3cret@host/db",
            "postgres://user:s3cret@host:5432,other/db?sslmode=require",
            "postgresql://host/db?sslmode=require&password=s3cret",
            "host=x password=s3cret",
            "host=x password = 's3 cret' dbname=y",
            "PASSWORD=s3cret host=x",
            "postgresql://user:s3?cret@host/db",
            "postgresql://user:s3#cret@host/db",
            "postgresql://user:s3?cret@host/db?user=me@tenant",
            "postgresql://host/db?%70assword=s3cret",
            "postgresql://host/db?a=b&Pass%77ord=s3cret",
            "postgresql://host/db?sslpassword=s3cret",
            "host=x sslpassword=s3cret",
            "host=x SSLPassword = s3cret",
            "host=x oauth_client_secret=s3cret",
            "host=x scram_client_key=s3cret",
            "host=x scram_server_key=s3cret",
            "host=x password=a://s3cret",
        ],
    )
    def test_password_in_a_dsn_of_the_file_is_an_error(self, project: Project, dsn: str) -> None:
        message = project.target_error(f'dsn = "{dsn}"')
        assert message.startswith("koonj.toml:5: dsn contains a password")
        assert "env" in message
        assert "s3cret" not in message

    @pytest.mark.parametrize(
        "dsn",
        [
            "postgresql://user@host/db",
            "postgresql:///db?host=/run/x:y",
            "postgresql://[::1]:5432/db",
            "host=x passfile=/home/me/.pgpass",
            "postgresql://user@host:5432/db?options=-c%20a%3Db@c&application_name=a:b@c",
            "postgresql://host:5432/db?user=me@tenant",
            "host=x application_name=a://b",
            "host=x application_name='my password=no'",
            "host=x options='-c search_path=password'",
            "",
        ],
    )
    def test_dsn_without_password_is_allowed(self, project: Project, dsn: str) -> None:
        assert project.toml(f'[targets.a]\ndsn = "{dsn}"').load().target.dsn == dsn

    def test_password_in_a_dsn_of_the_command_line_is_allowed(self, project: Project) -> None:
        url = "postgresql://user:s3cret@host/db"
        assert project.load(dsn=url).target.dsn == url
        assert project.load(environ={"DATABASE_URL": url}).target.dsn == url

    def test_password_file_is_relative_to_koonj_toml(self, project: Project) -> None:
        project.toml('[targets.a]\ndsn = "dbname=a"\npassword = { file = "secret/pw" }')
        assert project.load(cwd="database").target.password == Password(
            "file", str(project.root / "secret/pw")
        )

    @pytest.mark.parametrize(
        ("dsn", "given", "region", "profile", "login"),
        [
            (f"host={RDS} user=me sslmode=verify-full", "{}", "eu-central-1", "", (RDS, "", "me")),
            (
                f"postgresql://m%40e@{RDS}:5433/app?sslmode=verify-full",
                '{ profile = "ops" }',
                "eu-central-1",
                "ops",
                (RDS, "5433", "m@e"),
            ),
            (
                "host=db user='me' port=1 hostaddr=10.0.0.1 sslmode=verify-full",
                '{ region = "us-east-2" }',
                "us-east-2",
                "",
                ("db", "1", "me"),
            ),
            (
                "host=db.rds.amazonaws.com user=me sslmode=verify-full",
                "{}",
                "",
                "",
                ("db.rds.amazonaws.com", "", "me"),
            ),
        ],
    )
    def test_token_of_rds_is_for_the_host_and_user_of_the_dsn(
        self, project: Project, dsn: str, given: str, region: str, profile: str, login: tuple[str, ...]
    ) -> None:
        project.toml(f'[targets.a]\ndsn = "{dsn}"\npassword = {{ aws_rds = {given} }}')
        password = Password("aws_rds", region, account=profile, login=login)
        assert project.load().target.password == password
        assert (password.is_asked, password.may_ask) == (True, False)

    @pytest.mark.parametrize(
        ("given", "service", "user"),
        [
            ('"app"', "app", "me"),
            ('{ service = "app" }', "app", "me"),
            ('{ service = "app", user = "you" }', "app", "you"),
        ],
    )
    def test_entry_of_the_keyring_has_the_user_of_the_dsn(
        self, project: Project, given: str, service: str, user: str
    ) -> None:
        project.toml(f'[targets.a]\ndsn = "host=x user=me"\npassword = {{ keyring = {given} }}')
        assert project.load().target.password == Password("keyring", service, account=user)

    @pytest.mark.parametrize(
        ("more", "lifetime", "may_ask"),
        [
            ("", None, True),
            (', expires = "15min"', 900.0, True),
            (', expires = "0", asks = true', 0.0, True),
            (', expires = "1h", asks = false', 3600.0, False),
        ],
    )
    def test_password_of_a_command_can_expire_and_ask(
        self, project: Project, more: str, lifetime: float | None, may_ask: bool
    ) -> None:
        project.toml(f'[targets.a]\ndsn = "dbname=a"\npassword = {{ command = "x"{more} }}')
        password = project.load().target.password
        assert password is not None
        assert (password.lifetime, password.may_ask, password.is_asked) == (lifetime, may_ask, True)

    @pytest.mark.parametrize(
        "dsn",
        [
            "postgresql://me:Zq7@ss3cr3t@localhost:5432/app",
            "postgresql://me:Zq7/s3cr3t@localhost:5432/app",
            "postgresql://me:Zq7/s3?cr3t@localhost:5432/app",
            "postgresql://me:Zq7@s3?cr3t@localhost:5432/app",
            "postgresql://me:Zq7@s3/cr3t@localhost:5432/app",
            "postgres://me@corp:s3cr3t@localhost:5432/app",
            "postgresql://me:Zq7s3cr3t",
            "postgresql://me:Zq7/s3cr3t",
            "postgresql://localhost:5432,me:Zq7s3cr3t/app",
            "postgresql://[::1]:Zq7s3cr3t/app",
            "postgresql://me:12/34@localhost:5432/app?sslmode=require",
        ],
    )
    def test_unescaped_password_in_a_url_is_an_error_that_shows_no_part_of_it(
        self, project: Project, dsn: str
    ) -> None:
        for message in (
            project.error(dsn=dsn),
            project.error(environ={"DATABASE_URL": dsn}),
            project.target_error(f'dsn = "{dsn}"'),
            project.error(f'[scratch]\ndsn = "{dsn}"\n[targets.a]\ndsn = "embedded"'),
        ):
            assert "write %40 for @, %2F for /" in message
            assert not re.search("Zq7|s3|cr3t|34", message)

    @pytest.mark.parametrize(
        ("dsn", "place"),
        [
            ("host=localhost;user=me;password=Zq7s3cr3t", "the value of host"),
            ("host=localhost,user=me,PWD=Zq7s3cr3t", "the value of host"),
            ("host=localhost user='me password=Zq7s3cr3t'", "the value of user"),
            ("dbname='host=localhost sslpassword=Zq7s3cr3t'", "the value of dbname"),
            ("host=localhost dbname=postgresql://me:Zq7s3cr3t@localhost/app", "the value of dbname"),
            ("host=localhost dbname=postgresql://me:Zq7/s3cr3t@localhost/app", "the value of dbname"),
            ("postgresql://localhost/app%3Fuser=me&password=Zq7s3cr3t", "the value of dbname"),
            ("postgresql://localhost/app?user=me;password=Zq7s3cr3t", "the value of user"),
            ("postgresql://me@localhost;pwd=Zq7s3cr3t/app", "the value of host"),
            ("postgresql://me%3AZq7s3cr3t@localhost/app", "the user's name"),
        ],
    )
    def test_password_within_another_value_is_an_error_that_does_not_show_it(
        self, project: Project, dsn: str, place: str
    ) -> None:
        for message in (
            project.error(dsn=dsn),
            project.error(environ={"DATABASE_URL": dsn}),
            project.target_error(f'dsn = "{dsn}"'),
            project.error(f'[scratch]\ndsn = "{dsn}"\n[targets.a]\ndsn = "embedded"'),
        ):
            assert place in message
            assert not re.search("Zq7|s3|cr3t", message)

    def test_variable_with_a_password_is_allowed_on_the_command_line_only(self, project: Project) -> None:
        dsn = "host=localhost options=-capp.password=s3cr3t"
        assert project.load(dsn=dsn).target.dsn == dsn
        assert "dsn contains a password" in project.target_error(f'dsn = "{dsn}"')

    @pytest.mark.parametrize(
        "dsn", ["me:s3cr3t@localhost/app", "me:s3cr3t://x@localhost/app", "s3cr3t s3cr3t", "/s3cr3t@h"]
    )
    def test_what_is_no_connection_string_is_not_repeated(self, project: Project, dsn: str) -> None:
        assert "s3cr3t" not in project.error(dsn=dsn)
