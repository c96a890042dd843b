"""Tests for the name of a project's database on the embedded server."""

from pathlib import Path

from support.config_project import Project


class TestEmbedded:
    def test_database_name_contains_the_project_name(self, project: Project) -> None:
        settings = project.toml('[targets.a]\ndsn = "embedded"').load(cwd="database")
        name = settings.target.database
        assert name.startswith("my_project_")
        assert len(name) == len("my_project_") + 6
        assert project.load(dsn="embedded").target.database == name

    def test_database_name_depends_on_the_path(self, project: Project, tmp_path: Path) -> None:
        twin = Project(tmp_path / "twin/my-project")
        names = {p.load(dsn="embedded").target.database for p in (project, twin)}
        assert len(names) == 2

    def test_database_name_is_short_and_ascii(self, tmp_path: Path) -> None:
        for folder in ("परियोजना", "x" * 200):
            name = Project(tmp_path / folder).load(dsn="embedded").target.database
            assert len(name) <= 63
            assert name.isascii()

    def test_database_of_koonj_toml_is_used(self, project: Project) -> None:
        project.toml('[targets.a]\ndsn = "embedded"\ndatabase = "Größe"')
        assert project.load().target.database == "Größe"
