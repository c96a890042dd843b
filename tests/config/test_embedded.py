"""The database of a project on the embedded server."""

from pathlib import Path

from support.config_project import Project


class TestEmbedded:
    def test_a_database_of_the_project(self, project: Project) -> None:
        settings = project.toml('[targets.a]\ndsn = "embedded"').load(cwd="database")
        name = settings.target.database
        assert name.startswith("my_project_")
        assert len(name) == len("my_project_") + 6
        assert project.load(dsn="embedded").target.database == name

    def test_of_another_place_another(self, project: Project, tmp_path: Path) -> None:
        twin = Project(tmp_path / "twin/my-project")
        names = {p.load(dsn="embedded").target.database for p in (project, twin)}
        assert len(names) == 2

    def test_a_name_without_letters_fits_postgresql(self, tmp_path: Path) -> None:
        for folder in ("परियोजना", "x" * 200):
            name = Project(tmp_path / folder).load(dsn="embedded").target.database
            assert len(name) <= 63
            assert name.isascii()

    def test_its_own(self, project: Project) -> None:
        project.toml('[targets.a]\ndsn = "embedded"\ndatabase = "Größe"')
        assert project.load().target.database == "Größe"
