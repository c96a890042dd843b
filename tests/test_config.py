"""koonj.toml, the command line and the environment, as Settings or as an error that says what, where, what to do."""

import contextlib
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.config import ConfigError, Password, Settings, Target, find_migrations, load, places
from koonj.config.duration import milliseconds


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "database/migrations").mkdir(parents=True)

    def toml(self, text: str) -> "Project":
        (self.root / "koonj.toml").write_text(text, encoding="utf-8")
        return self

    def load(self, cwd: str = ".", environ: dict[str, str] | None = None, **options: Any) -> Settings:
        return load(self.root / cwd, environ=environ or {}, **options)

    def error(self, text: str | None = None, **options: Any) -> str:
        if text is not None:
            self.toml(text)
        with pytest.raises(ConfigError) as caught:
            self.load(**options)
        return str(caught.value)

    def target_error(self, lines: str) -> str:
        return self.error(f'[targets.local]\ndsn = "embedded"\n\n[targets.other]\n{lines}\n')


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "my-project")


FULL = """
migrations = "sql"
default = "staging"

[targets.local]
dsn = "embedded"

[targets.staging]
dsn = "service=staging"

[targets.production]
dsn = "host=db.internal dbname=ragqa user=migrator sslmode=verify-full"
password = { command = "pass show ragqa" }
protected = true
lock_timeout = "2s"
role = "ragqa_owner"
"""


def test_all_keys(project: Project) -> None:
    (project.root / "sql").mkdir()
    settings = project.toml(FULL).load()
    assert settings.root == project.root
    assert settings.migrations == project.root / "sql"
    assert settings.patterns == project.root / "database/patterns"
    local, staging, production = settings.targets
    assert settings.target is staging
    assert (local.dsn, local.lock_timeout, local.protected, local.role) == ("embedded", "5s", False, None)
    assert production == Target(
        "production",
        "host=db.internal dbname=ragqa user=migrator sslmode=verify-full",
        protected=True,
        lock_timeout="2s",
        role="ragqa_owner",
        password=Password("command", "pass show ragqa"),
        declared=True,
    )


def test_found_upward_from_inside_the_migrations_folder(project: Project) -> None:
    project.toml('[targets.a]\ndsn = "dbname=a"\n')
    settings = project.load(cwd="database/migrations")
    assert (settings.root, settings.migrations) == (project.root, project.root / "database/migrations")


def test_paths_are_relative_to_koonj_toml(project: Project) -> None:
    (project.root / "sub").mkdir()
    project.toml(
        'migrations = "database/../database/migrations"\npatterns = "p"\n[targets.a]\ndsn = "dbname=a"'
    )
    settings = project.load(cwd="sub")
    assert settings.migrations == project.root / "database/migrations"
    assert settings.patterns == project.root / "p"


def test_byte_order_mark_and_crlf(project: Project) -> None:
    (project.root / "koonj.toml").write_bytes(b'\xef\xbb\xbf[targets.a]\r\ndsn = "dbname=a"\r\n')
    assert project.load().target.name == "a"


class TestFolders:
    @pytest.mark.parametrize("name", ["database/migrations", "db/migrations", "migrations"])
    def test_without_koonj_toml(self, tmp_path: Path, name: str) -> None:
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / "src/deep").mkdir(parents=True)
        settings = load(tmp_path / "src/deep", environ={"DATABASE_URL": "postgresql:///x"})
        assert settings.migrations == find_migrations(tmp_path) == tmp_path / name
        assert settings.root == tmp_path
        assert settings.patterns == (tmp_path / name).parent / "patterns"

    def test_the_nearest_one(self, tmp_path: Path) -> None:
        (tmp_path / "database/migrations").mkdir(parents=True)
        (tmp_path / "service/migrations").mkdir(parents=True)
        assert find_migrations(tmp_path / "service") == tmp_path / "service/migrations"

    def test_given_on_the_command_line(self, project: Project) -> None:
        (project.root / "other/sql").mkdir(parents=True)
        project.toml(FULL)
        settings = project.load(cwd="other", migrations=Path("sql"))
        assert settings.migrations == project.root / "other/sql"
        assert settings.root == project.root

    def test_given_without_koonj_toml(self, project: Project) -> None:
        found = places(project.root / "database", migrations=Path("migrations"))
        assert found.root == project.root
        assert found.migrations == project.root / "database/migrations"

    def test_none(self, tmp_path: Path) -> None:
        with pytest.raises(
            ConfigError, match=r"No koonj\.toml and no migrations folder here or above.*koonj init"
        ):
            places(tmp_path)

    def test_named_and_not_there(self, project: Project) -> None:
        message = project.error('# hi\nmigrations = "nowhere"')
        assert message.startswith(
            "koonj.toml:2: migrations = 'nowhere': there is no such folder. Make it (mkdir -p "
        )

    def test_named_and_a_file(self, project: Project) -> None:
        assert "is not a folder" in project.error('migrations = "koonj.toml"')

    def test_command_line_names_none(self, project: Project) -> None:
        assert "--migrations gone: there is no such folder" in project.error(migrations=Path("gone"))

    def test_places_need_no_target(self, project: Project) -> None:
        assert places(project.root).migrations == project.root / "database/migrations"


class TestMistakes:
    def test_not_toml(self, project: Project) -> None:
        message = project.error("migrations = \n")
        assert message.startswith("koonj.toml: not TOML: ")
        assert "line 1" in message

    def test_not_utf8(self, project: Project) -> None:
        (project.root / "koonj.toml").write_bytes(b"# caf\xe9\n")
        assert "koonj.toml: not UTF-8: byte 0xe9 at 5" in project.error()

    def test_named_from_where_the_person_is(self, project: Project) -> None:
        assert project.error("x = 1", cwd="database").startswith("../koonj.toml:1: ")

    def test_unknown_key_with_line_and_nearest(self, project: Project) -> None:
        message = project.error('# one\n\nmigration = "database/migrations"')
        assert message == "koonj.toml:3: unknown key 'migration'. Did you mean 'migrations'?"

    def test_unknown_key_without_a_near_one(self, project: Project) -> None:
        assert "Known: migrations, patterns, default, targets." in project.error("zzzzzzzz = 1")

    def test_unknown_key_of_a_target(self, project: Project) -> None:
        message = project.target_error('dsn = "dbname=x"\nlocktimeout = "5s"')
        assert message == "koonj.toml:6: unknown key 'locktimeout'. Did you mean 'lock_timeout'?"

    @pytest.mark.parametrize(
        ("lines", "message"),
        [
            (
                'dsn = "dbname=x"\nprotected = "yes"',
                ":6: targets.other.protected must be true or false, not a string.",
            ),
            (
                'dsn = "dbname=x"\nlock_timeout = 5',
                ":6: targets.other.lock_timeout must be a string, not a number.",
            ),
            ('dsn = "dbname=x"\nlock_timeout = "5 sec"', ":6: '5 sec' is not a time of PostgreSQL's"),
            ("protected = true", ":4: target 'other' has no dsn."),
            ('dsn = "dbname=x"\nrole = ""', ":6: role must be a role's name"),
            ('dsn = "dbname=x"\ndatabase = "y"', ':6: database is for dsn = "embedded"'),
            ('dsn = "embedded"\ndatabase = ""', ":6: database must be a name"),
            ('dsn = "embeded"', ":5: 'embeded' is neither 'embedded' nor a connection string"),
            ('dsn = "mysql://x/y"', ":5: mysql:// is not PostgreSQL's; write postgresql://."),
            (
                'dsn = "postgresql+asyncpg://x/y"',
                ":5: libpq does not know postgresql+asyncpg://; write postgresql://.",
            ),
            (
                'dsn = "dbname=x"\npassword = "s3cret"',
                ":6: the password itself does not belong into koonj.toml.",
            ),
            ('dsn = "dbname=x"\npassword = {}', ":6: password needs exactly one of env, file, command."),
            ('dsn = "dbname=x"\npassword = { env = "A", file = "b" }', ":6: password needs exactly one of"),
            (
                'dsn = "dbname=x"\npassword = { environ = "A" }',
                ":6: unknown key 'environ'. Did you mean 'env'?",
            ),
            ('dsn = "dbname=x"\npassword = { env = "" }', ":6: password.env is empty."),
            ('dsn = "dbname=x"\npassword = 5', ":6: targets.other.password must be a table, not a number."),
        ],
    )
    def test_of_a_target(self, project: Project, lines: str, message: str) -> None:
        assert f"koonj.toml{message}" in project.target_error(lines)

    def test_targets_that_are_no_tables(self, project: Project) -> None:
        assert "koonj.toml:1: targets must be a table, not an array." in project.error("targets = [1]")
        assert "koonj.toml:2: targets.a must be a table, not a string." in project.error(
            '[targets]\na = "dbname=x"'
        )

    def test_the_line_after_a_value_of_many_lines(self, project: Project) -> None:
        text = '[targets.a]\ndsn = """\nrole = "not a key"\ndbname=x"""\nrolle = "b"\n'
        assert project.error(text).startswith("koonj.toml:5: unknown key 'rolle'")

    def test_the_line_of_a_value_of_many_lines(self, project: Project) -> None:
        assert project.error('# one\npatterns = [\n  "a",\n]\n').startswith(
            "koonj.toml:2: patterns must be a string"
        )


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
    def test_never_part_of_a_dsn_in_the_file(self, project: Project, dsn: str) -> None:
        message = project.target_error(f'dsn = "{dsn}"')
        assert message.startswith("koonj.toml:5: the dsn holds a password")
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
    def test_not_mistaken(self, project: Project, dsn: str) -> None:
        assert project.toml(f'[targets.a]\ndsn = "{dsn}"').load().target.dsn == dsn

    def test_accepted_from_outside(self, project: Project) -> None:
        url = "postgresql://user:s3cret@host/db"
        assert project.load(dsn=url).target.dsn == url
        assert project.load(environ={"DATABASE_URL": url}).target.dsn == url

    def test_a_file_is_relative_to_koonj_toml(self, project: Project) -> None:
        project.toml('[targets.a]\ndsn = "dbname=a"\npassword = { file = "secret/pw" }')
        assert project.load(cwd="database").target.password == Password(
            "file", str(project.root / "secret/pw")
        )


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
    def test_taken(self, text: str, expected: int) -> None:
        assert milliseconds(text) == expected

    @pytest.mark.parametrize(
        "text", ["", "5S", "5sec", "-1", "s", "5 s s", "٥s", "2147483648", "30d", "5s; DROP"]
    )
    def test_refused(self, text: str) -> None:
        assert milliseconds(text) is None

    def test_postgresql_takes_them_as_the_same(self, database: str) -> None:
        texts = ["5s", "500ms", "2min", "250", "0", "1.5s", " 5 s ", "1h", "1d", "1500us", ".5s", "2.", "24d"]
        with psycopg.connect(database) as connection:
            for text in texts:
                connection.execute("SELECT set_config('lock_timeout', %s, false)", (text,))
                row = connection.execute(
                    "SELECT setting::int FROM pg_settings WHERE name = 'lock_timeout'"
                ).fetchone()
                assert row == (milliseconds(text),), text

    @given(st.text())
    def test_any_text_has_an_answer(self, text: str) -> None:
        assert milliseconds(text) is None or milliseconds(text) >= 0  # type: ignore[operator] # the line asks


@given(st.binary(max_size=200))
def test_any_bytes_are_settings_or_a_config_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / "migrations").mkdir()
    (root / "koonj.toml").write_bytes(raw)
    with contextlib.suppress(ConfigError):
        assert load(root, environ={"PGHOST": "x"}).root == root
