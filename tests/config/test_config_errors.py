"""Tests for errors in koonj.toml: place, message, and fix."""

import pytest

from support.config_project import Project


class TestMistakes:
    def test_invalid_toml_is_an_error(self, project: Project) -> None:
        message = project.error("migrations = \n")
        assert message.startswith("koonj.toml: not valid TOML: ")
        assert "line 1" in message

    def test_text_that_is_not_utf_8_is_an_error(self, project: Project) -> None:
        (project.root / "koonj.toml").write_bytes(b"# caf\xe9\n")
        assert "koonj.toml: not UTF-8 (byte 0xe9 at offset 5)." in project.error()

    def test_path_in_the_message_is_relative_to_the_working_directory(self, project: Project) -> None:
        assert project.error("x = 1", cwd="database").startswith("../koonj.toml:1: ")

    def test_unknown_key_error_has_the_line_and_the_nearest_key(self, project: Project) -> None:
        message = project.error('# one\n\nmigration = "database/migrations"')
        assert message == "koonj.toml:3: unknown key 'migration'. Did you mean 'migrations'?"

    def test_unknown_key_error_lists_all_keys_when_none_is_near(self, project: Project) -> None:
        assert (
            "Known: migrations, layout, patterns, default, targets, scratch, policy, checks, screen, keys."
            in project.error("zzzzzzzz = 1")
        )

    def test_unknown_key_of_a_target_is_an_error(self, project: Project) -> None:
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
            ('dsn = "dbname=x"\nlock_wait = "5 sec"', ":6: '5 sec' is not a duration. Use for example"),
            ('dsn = "dbname=x"\nlock_timeout = "5 sec"', ":6: '5 sec' is not a duration. Use for example"),
            ('dsn = "dbname=x"\nmax_stall = "5 sec"', ":6: '5 sec' is not a duration of at least 1ms. Use"),
            (
                'dsn = "dbname=x"\nmax_stall = "0"',
                ":6: '0' is not a duration of at least 1ms. Use for example",
            ),
            ('dsn = "dbname=x"\nmax_stall = "0.4ms"', ":6: '0.4ms' is not a duration of at least 1ms. Use"),
            (
                'dsn = "dbname=x"\nmax_stall = 5',
                ":6: targets.other.max_stall must be a string, not a number.",
            ),
            ("protected = true", ":4: target 'other' has no dsn."),
            ('dsn = "dbname=x"\nrole = ""', ":6: role must be the name of a role"),
            ('dsn = "dbname=x"\ndatabase = "y"', ':6: database is only for dsn = "embedded"'),
            ('dsn = "embedded"\ndatabase = ""', ":6: database must be a name with 1 to"),
            ('dsn = "embeded"', ":5: 'embeded' is not a connection string. Use"),
            ('dsn = "mysql://x/y"', ":5: mysql:// is not a PostgreSQL URL. Use postgresql://."),
            (
                'dsn = "postgresql+asyncpg://x/y"',
                ":5: libpq does not support postgresql+asyncpg://. Use postgresql://.",
            ),
            (
                'dsn = "dbname=x"\npassword = "s3cret"',
                ":6: do not write a password into koonj.toml.",
            ),
            (
                'dsn = "dbname=x"\npassword = {}',
                ":6: password needs exactly one of env, file, command, aws_rds, keyring.",
            ),
            ('dsn = "dbname=x"\npassword = { env = "A", file = "b" }', ":6: password needs exactly one of"),
            (
                'dsn = "dbname=x"\npassword = { environ = "A" }',
                ":6: unknown key 'environ'. Did you mean 'env'?",
            ),
            ('dsn = "dbname=x"\npassword = { env = "" }', ":6: password.env is empty."),
            (
                'dsn = "dbname=x"\npassword = { command = "x", expires = "soon" }',
                ":6: expires = 'soon' is not a duration. Use for example '15min' or '1h'",
            ),
            (
                'dsn = "dbname=x"\npassword = { command = "x", expires = 900 }',
                ":6: targets.other.password.expires must be a string, not a number.",
            ),
            (
                'dsn = "dbname=x"\npassword = { env = "A", expires = "15min" }',
                ":6: expires is only for a password that a command brings.",
            ),
            (
                'dsn = "dbname=x"\npassword = { file = "a", asks = false }',
                ":6: asks is only for a password that a command brings.",
            ),
            (
                'dsn = "dbname=x"\npassword = { command = "x", asks = "no" }',
                ":6: targets.other.password.asks must be true or false, not a string.",
            ),
            (
                'dsn = "host=h user=u"\npassword = { aws_rds = {} }',
                ":6: aws_rds needs sslmode=verify-full in dsn",
            ),
            (
                'dsn = "host=h user=u sslmode=verify-ca"\npassword = { aws_rds = {} }',
                ":6: aws_rds needs sslmode=verify-full in dsn",
            ),
            (
                'dsn = "postgresql://u@h/d?sslmode=require"\npassword = { aws_rds = {} }',
                ":6: aws_rds needs sslmode=verify-full in dsn",
            ),
            (
                'dsn = "host=h sslmode=verify-full"\npassword = { aws_rds = {} }',
                ":6: a token of aws_rds is for one host and one user. Write host=… and user=… in dsn.",
            ),
            (
                'dsn = "host=h,i user=u sslmode=verify-full"\npassword = { aws_rds = {} }',
                ":6: a token of aws_rds is for one host and one user.",
            ),
            (
                'dsn = "embedded"\npassword = { aws_rds = {} }',
                ":6: a token of aws_rds is for one host and one user.",
            ),
            (
                'dsn = "host=h user=u sslmode=verify-full"\npassword = { aws_rds = { zone = "x" } }',
                ":6: unknown key 'zone'. Known: region, profile.",
            ),
            (
                'dsn = "host=h user=u sslmode=verify-full"\npassword = { aws_rds = { region = "--x" } }',
                ":6: region must be printable, and must not start with a hyphen.",
            ),
            ('dsn = "host=h user=u"\npassword = { keyring = "" }', ":6: keyring needs a service."),
            ('dsn = "host=h"\npassword = { keyring = "app" }', ":6: an entry of the keyring has a user."),
            (
                'dsn = "host=h user=u"\npassword = { keyring = "app", asks = true }',
                ":6: asks is only for a password that a command brings.",
            ),
            (
                'dsn = "dbname=x"\npassword = { expires = "1h" }',
                ":6: password needs exactly one of env, file, command, aws_rds, keyring.",
            ),
            (
                'dsn = "dbname=x"\ncolour = "pink"',
                ":6: colour = 'pink' must be one of cyan, green, yellow, magenta, red, blue.",
            ),
            ('dsn = "dbname=x"\npassword = 5', ":6: targets.other.password must be a table, not a number."),
        ],
    )
    def test_invalid_target_is_an_error(self, project: Project, lines: str, message: str) -> None:
        assert f"koonj.toml{message}" in project.target_error(lines)

    def test_target_that_is_no_table_is_an_error(self, project: Project) -> None:
        assert "koonj.toml:1: targets must be a table, not an array." in project.error("targets = [1]")
        assert "koonj.toml:2: targets.a must be a table, not a string." in project.error(
            '[targets]\na = "dbname=x"'
        )

    def test_line_after_a_multi_line_value_is_correct(self, project: Project) -> None:
        text = '[targets.a]\ndsn = """\nrole = "not a key"\ndbname=x"""\nrolle = "b"\n'
        assert project.error(text).startswith("koonj.toml:5: unknown key 'rolle'")

    def test_line_of_a_multi_line_value_is_its_first_line(self, project: Project) -> None:
        assert project.error('# one\npatterns = [\n  "a",\n]\n').startswith(
            "koonj.toml:2: patterns must be a string"
        )
