"""Tests that no password is in koonj.toml, which is usually shared."""

import pytest

from koonj.config import Password
from support.config_project import Project


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
