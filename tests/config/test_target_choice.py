"""Tests for the choice of the target."""

from koonj.config import Settings
from support.config_project import Project

ENVIRON = {"DATABASE_URL": "postgresql:///url", "PGHOST": "db"}


class TestChoice:
    def names(self, settings: Settings) -> tuple[str, list[str]]:
        assert settings.target in settings.targets
        return settings.target.name, [t.name for t in settings.targets]

    def test_first_target_is_chosen_when_there_is_no_default(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"\n[targets.a]\ndsn = "dbname=a"')
        assert self.names(project.load(environ=ENVIRON)) == ("b", ["b", "a"])

    def test_named_target_is_chosen(self, project: Project) -> None:
        project.toml('default = "b"\n[targets.b]\ndsn = "dbname=b"\n[targets.a]\ndsn = "dbname=a"')
        assert self.names(project.load(target="a")) == ("a", ["b", "a"])

    def test_dsn_has_priority(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"')
        settings = project.load(dsn="dbname=x", environ=ENVIRON)
        assert self.names(settings) == ("dsn", ["dsn", "b"])

    def test_dsn_and_target_is_an_error(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"')
        assert "Use either --target or --dsn, not both." in project.error(dsn="dbname=x", target="b")

    def test_text_that_is_no_dsn_is_an_error(self, project: Project) -> None:
        assert project.error(dsn="ragqa").startswith("--dsn: 'ragqa' is not a connection string. Use")

    def test_dsn_replaces_a_target_with_the_name_dsn(self, project: Project) -> None:
        project.toml('[targets.dsn]\ndsn = "dbname=b"')
        assert [t.dsn for t in project.load(dsn="dbname=x").targets] == ["dbname=x"]

    def test_unknown_target_is_an_error(self, project: Project) -> None:
        project.toml('[targets.staging]\ndsn = "dbname=b"')
        message = project.error(target="stagin")
        assert message == "--target stagin: no such target. Did you mean 'staging'?"

    def test_unknown_default_is_an_error(self, project: Project) -> None:
        message = project.error('\ndefault = "x"\n[targets.staging]\ndsn = "dbname=b"')
        assert message == "koonj.toml:2: default = 'x': no such target. Known: staging."

    def test_environment_gives_targets(self, project: Project) -> None:
        settings = project.load(environ=ENVIRON)
        assert self.names(settings) == ("DATABASE_URL", ["DATABASE_URL", "environment"])
        assert settings.targets[1].dsn == ""
        assert project.load(environ=ENVIRON, target="environment").target.dsn == ""

    def test_environment_gives_the_target_when_koonj_toml_has_none(self, project: Project) -> None:
        assert project.toml("").load(environ={"PGSERVICE": "x"}).target.name == "environment"

    def test_password_or_empty_variable_gives_no_target(self, project: Project) -> None:
        assert project.error(environ={"PGPASSWORD": "x", "PGHOST": "", "DATABASE_URL": ""}).startswith(
            "No target"
        )

    def test_no_target_is_an_error(self, project: Project) -> None:
        message = project.error()
        assert "koonj init" in message
        assert "--dsn embedded" in message
