"""Which target is meant."""

from koonj.config import Settings
from support.config_project import Project

ENVIRON = {"DATABASE_URL": "postgresql:///url", "PGHOST": "db"}


class TestChoice:
    def names(self, settings: Settings) -> tuple[str, list[str]]:
        assert settings.target in settings.targets
        return settings.target.name, [t.name for t in settings.targets]

    def test_first_without_default(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"\n[targets.a]\ndsn = "dbname=a"')
        assert self.names(project.load(environ=ENVIRON)) == ("b", ["b", "a"])

    def test_named(self, project: Project) -> None:
        project.toml('default = "b"\n[targets.b]\ndsn = "dbname=b"\n[targets.a]\ndsn = "dbname=a"')
        assert self.names(project.load(target="a")) == ("a", ["b", "a"])

    def test_dsn_goes_before_all(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"')
        settings = project.load(dsn="dbname=x", environ=ENVIRON)
        assert self.names(settings) == ("dsn", ["dsn", "b"])

    def test_dsn_and_target(self, project: Project) -> None:
        project.toml('[targets.b]\ndsn = "dbname=b"')
        assert "--target and --dsn name two databases" in project.error(dsn="dbname=x", target="b")

    def test_a_dsn_that_is_none(self, project: Project) -> None:
        assert project.error(dsn="ragqa").startswith("--dsn: 'ragqa' is neither 'embedded' nor")

    def test_a_target_that_is_called_dsn(self, project: Project) -> None:
        project.toml('[targets.dsn]\ndsn = "dbname=b"')
        assert [t.dsn for t in project.load(dsn="dbname=x").targets] == ["dbname=x"]

    def test_unknown(self, project: Project) -> None:
        project.toml('[targets.staging]\ndsn = "dbname=b"')
        message = project.error(target="stagin")
        assert message == "--target stagin: there is no such target. Did you mean 'staging'?"

    def test_unknown_default(self, project: Project) -> None:
        message = project.error('\ndefault = "x"\n[targets.staging]\ndsn = "dbname=b"')
        assert message == "koonj.toml:2: default = 'x': there is no such target. Known: staging."

    def test_of_the_environment(self, project: Project) -> None:
        settings = project.load(environ=ENVIRON)
        assert self.names(settings) == ("DATABASE_URL", ["DATABASE_URL", "environment"])
        assert settings.targets[1].dsn == ""
        assert project.load(environ=ENVIRON, target="environment").target.dsn == ""

    def test_of_the_environment_where_koonj_toml_has_none(self, project: Project) -> None:
        assert project.toml("").load(environ={"PGSERVICE": "x"}).target.name == "environment"

    def test_a_password_or_an_empty_variable_names_no_database(self, project: Project) -> None:
        assert project.error(environ={"PGPASSWORD": "x", "PGHOST": "", "DATABASE_URL": ""}).startswith(
            "No target"
        )

    def test_none(self, project: Project) -> None:
        message = project.error()
        assert "koonj init" in message
        assert "--dsn embedded" in message
