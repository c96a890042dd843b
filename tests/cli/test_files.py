"""Commands without a database, and the command line."""

from __future__ import annotations

import json
import platform
import subprocess
from importlib import metadata
from pathlib import Path

import pytest
from psycopg import pq

from koonj import __version__
from koonj.cli.commands import COMMANDS
from koonj.cli.diagnostics import ExitCode
from koonj.cli.help_text import EPILOG
from koonj.cli.run_options import ALLOWABLE_STATES, ALLOWABLE_VERDICTS
from koonj.migrations.states import State
from koonj.runner.impact.gate import POLICY_STATES
from koonj.runner.plan.selection import DECISIONS
from koonj.runner.rehearse.verdict import ALLOWABLE
from support.command import CommandResult, Project

STATUS = """\
-- 016_add_status.sql
-- Workflow status.
-- koonj: lock_timeout 2s
BEGIN;
ALTER TABLE documents ADD COLUMN status text;
COMMIT;

-- Rollback:
-- BEGIN;
-- ALTER TABLE documents DROP COLUMN status;
-- COMMIT;
"""


def test_version_lists_all_versions(files: Project) -> None:
    answer = files.koonj("--version")
    assert answer.code == 0
    major, minor = divmod(pq.version(), 10_000)
    assert answer.out.splitlines() == [
        f"koonj {__version__}",
        f"Python {platform.python_version()}",
        f"psycopg {metadata.version('psycopg')} (libpq {major}.{minor}, {pq.__impl__})",
        f"Textual {metadata.version('textual')}",
    ]
    assert files.koonj("status", "--version").out == answer.out


def test_version_is_shown_when_libpq_cannot_be_loaded(files: Project) -> None:
    answer = files.run("--version", PSYCOPG_IMPL="no-such-implementation")
    assert answer.code == 0
    assert answer.out.startswith(f"koonj {__version__}\n")
    assert f"\npsycopg {metadata.version('psycopg')} (cannot be loaded: " in answer.out
    assert answer.err == ""


@pytest.mark.parametrize("command", [name for name in COMMANDS if name])
def test_every_command_has_help_with_examples(files: Project, command: str) -> None:
    answer = files.koonj(command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: koonj {command} ")
    assert "examples:" in answer.out or command == "init"
    for option in ("--target", "--dsn", "--migrations", "--json", "--version"):
        assert option in answer.out


def test_help_lists_every_exit_code(files: Project) -> None:
    answer = files.koonj("-h")
    assert answer.code == 0
    for code in ExitCode:
        assert f"\n  {code:d}  " in EPILOG
    assert EPILOG.rstrip() in answer.out


def test_apply_allows_every_conflict_and_every_verdict_that_rehearse_allows() -> None:
    verdicts = {verdict.value for verdict in ALLOWABLE}
    assert set(ALLOWABLE_VERDICTS) == verdicts
    settled = State.INTERRUPTED  # by `koonj settle`
    assert set(ALLOWABLE_STATES) == {*(state.value for state in DECISIONS if state is not settled), *verdicts}
    assert {*verdicts, "not_verified"} == POLICY_STATES


def test_options_can_stand_before_or_after_the_command(files: Project) -> None:
    files.table(1)
    before = files.koonj("--json", "--migrations", "migrations", "check")
    after = files.koonj("check", "--json", "--migrations", "migrations")
    assert before.out == after.out
    assert before.json["migrations"] == 1


def test_check_exits_0_without_problems(files: Project) -> None:
    files.table(1)
    (files.migrations / "README.md").write_text("")
    answer = files.koonj("check")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "1 migration in migrations (1 other file ignored): no problems\n"


def test_check_prints_location_problem_and_hint(files: Project) -> None:
    files.write("001_open.sql", "BEGIN;\nSELECT 1;\n-- Rollback: none: test\n")
    answer = files.koonj("check")
    assert answer.code == 1
    first, hint, last = answer.out.splitlines()
    assert first.startswith("migrations/001_open.sql:1:1: error: ")
    assert first.endswith(" [open-transaction]")
    assert hint.startswith("    ")
    assert last == "1 migration in migrations: 1 error"
    (problem,) = files.koonj("check", "--json").json["problems"]
    assert (problem["code"], problem["line"], problem["name"]) == ("open-transaction", 1, "001_open.sql")


def test_check_exits_4_without_rollback_or_with_duplicate_numbers(files: Project) -> None:
    files.table(1, rollback=False)
    assert files.koonj("check").code == 4
    files.table(1)
    files.write("001_twin.sql", "SELECT 1;\n-- Rollback: none: test\n")
    assert files.koonj("check").code == 4


def test_check_exits_2_when_the_folder_is_missing(files: Project) -> None:
    answer = files.koonj("check", "--migrations", "nowhere")
    assert answer.code == 2
    assert "no such folder" in answer.err


def test_error_is_json_with_json_option(files: Project) -> None:
    answer = files.koonj("show", "99", "--json")
    assert answer.code == 2
    assert answer.json["error"]["message"] == "No migration has the number 99."


def test_show_writes_the_bytes_of_the_file_to_a_pipe(files: Project) -> None:
    text = STATUS.replace("\n", "\r\n") + "-- \x1b[31m\n"
    files.write("016_add_status.sql", text)
    assert files.run("show", "16").out == text.replace("\r\n", "\n")  # the test reads with universal newlines


@pytest.mark.parametrize("name", ["16", "016", "016_add_status.sql", "migrations/016_add_status.sql"])
def test_show_prints_line_numbers(files: Project, name: str) -> None:
    files.write("016_add_status.sql", STATUS + "-- \x1b[31m\u202e\n")
    lines = files.koonj("show", name, "--numbers").out.splitlines()
    assert lines[0] == "    1  -- 016_add_status.sql"
    assert lines[-1] == "   12  -- ␛[31m<U+202E>"


def test_show_prints_statements_and_rollback(files: Project) -> None:
    files.write("016_add_status.sql", STATUS)
    body = files.koonj("show", "16", "--statements").out
    assert body == "one transaction\n1. line 5: alter table documents add column status\n"
    rollback = files.koonj("show", "16", "--statements", "--rollback").out
    assert "1. line 10: alter table documents drop column status" in rollback
    script = files.koonj("show", "16", "--rollback").out
    assert script == "BEGIN;\nALTER TABLE documents DROP COLUMN status;\nCOMMIT;\n"
    numbered = files.koonj("show", "16", "--rollback", "--numbers").out.splitlines()
    assert numbered[0] == "    9  BEGIN;"


def test_show_exits_4_when_there_is_no_rollback(files: Project) -> None:
    files.table(1, rollback=False)
    files.write("002_none.sql", "SELECT 1;\n-- Rollback: none: it only reads\n")
    assert files.koonj("show", "1", "--rollback").code == 4
    answer = files.koonj("show", "2", "--rollback")
    assert answer.code == 4
    assert "002_none.sql cannot be rolled back: it only reads" in answer.err


def test_show_json_contains_the_migration(files: Project) -> None:
    files.write("016_add_status.sql", STATUS)
    migration = files.koonj("show", "16", "--json").json["migration"]
    assert (migration["number"], migration["name"]) == (16, "016_add_status.sql")
    assert migration["settings"] == {"lock_timeout": "2s"}
    assert migration["description"] == "Workflow status."
    assert migration["text"] == STATUS
    assert migration["body"]["statements"][0]["line"] == 5
    assert migration["rollback"]["statements"][0]["text"] == "ALTER TABLE documents DROP COLUMN status;"


def test_show_requires_the_name_when_the_number_is_duplicate(files: Project) -> None:
    files.write("001_a.sql", "SELECT 1;")
    files.write("001_b.sql", "SELECT 2;")
    answer = files.koonj("show", "1")
    assert answer.code == 2
    assert "001_a.sql, 001_b.sql" in answer.err
    assert files.koonj("show", "001_b.sql").out == "SELECT 2;"


def test_new_creates_the_file_with_the_next_number(files: Project) -> None:
    files.table(7)
    answer = files.koonj("new", "Add", "status", "to documents")
    assert (answer.code, answer.out) == (0, "migrations/008_add_status_to_documents.sql\n")
    text = (files.migrations / "008_add_status_to_documents.sql").read_text()
    assert text.startswith("-- 008_add_status_to_documents.sql\n")
    assert files.koonj("new", "x", "--json").json["created"] == ["migrations/009_x.sql"]


@pytest.mark.parametrize("argv", [["new"], ["new", "  "], ["new", "…"]])
def test_new_requires_a_name(files: Project, argv: list[str]) -> None:
    assert files.koonj(*argv).code == 2
    assert list(files.migrations.iterdir()) == []


ADD_COLUMN = ["table=documents", "column=status", "type=text", "default='active'"]


def test_new_creates_a_file_from_a_pattern(files: Project) -> None:
    answer = files.koonj("new", "--pattern", "add_column", *ADD_COLUMN)
    assert (answer.code, answer.out) == (0, "migrations/001_add_status_to_documents.sql\n")
    text = (files.migrations / "001_add_status_to_documents.sql").read_text()
    assert "ADD COLUMN IF NOT EXISTS status text DEFAULT 'active' NOT NULL" in text
    assert files.koonj("check").code == 0


def test_new_with_pattern_and_name_uses_the_name(files: Project) -> None:
    answer = files.koonj("new", "my_name", "--pattern", "add-column", *ADD_COLUMN)
    assert answer.out == "migrations/001_my_name.sql\n"
    fields = ["table=documents", "columns=owner_id", "references=users"]
    several = files.koonj("new", "owner", "--pattern", "add_foreign_key", *fields).out.splitlines()
    assert several[0] == "migrations/002_owner.sql"
    assert several[1].startswith("migrations/003_owner_")


def test_new_names_each_invalid_field(files: Project) -> None:
    answer = files.koonj("new", "--pattern", "add_column", "not_null=maybe", "nonsense=1")
    assert answer.code == 2
    for field in ("table: ", "column: ", "not_null: ", "nonsense: "):
        assert f"\n    {field}" in answer.err
    assert "koonj patterns add_column" in answer.err
    assert list(files.migrations.iterdir()) == []


def test_new_lists_patterns_when_the_pattern_is_unknown(files: Project) -> None:
    answer = files.koonj("new", "--pattern", "nonsense")
    assert answer.code == 2
    assert "add_column" in answer.err


def test_new_names_the_pattern_that_is_meant(files: Project) -> None:
    answer = files.koonj("new", "--pattern", "set_notnull", "table=a", "column=b")
    assert answer.code == 2
    assert answer.err == (
        "koonj: error: No pattern 'set_notnull'. Did you mean 'set_not_null'?\n"
        "    To list the patterns, run: koonj patterns\n"
    )


def test_new_refuses_two_values_of_a_field(files: Project) -> None:
    answer = files.koonj("new", "--pattern", "set_not_null", "table=a", "column=c", "table=b")
    assert answer.code == 2
    assert "table has two values: 'a' and 'b'." in answer.err
    assert list(files.migrations.iterdir()) == []


def test_new_refuses_a_value_that_says_what_to_write(files: Project) -> None:
    """A finding's command has one for a field that its statement does not fill."""
    write = "about=<fill in: what it checks, in one to three words>"
    answer = files.koonj("new", "--pattern", "add_check", "table=a", "condition=b > 0", write)
    assert answer.code == 2
    assert "about has no value yet.\n    Write in place of '<fill in: " in answer.err
    assert list(files.migrations.iterdir()) == []


@pytest.mark.parametrize("key", ["set_not_null", "set-not-null", "mine"])
def test_new_shows_the_errors_of_the_projects_own_pattern(files: Project, key: str) -> None:
    """It does not use koonj's own pattern instead, and says nothing about other files."""
    folder = files.root / "database" / "patterns"
    folder.mkdir(parents=True)
    for name in ("set_not_null", "mine", "other"):
        (folder / f"{name}.sql").write_text("nothing of a pattern")
    for command in (("new", "--pattern", key, "table=a", "column=c"), ("patterns", key)):
        answer = files.koonj(*command)
        assert answer.code == 2
        assert f"The file of pattern {key!r} has errors:" in answer.err
        assert f"{key.replace('-', '_')}.sql:1:1: The title is missing." in answer.err
        assert "other.sql" not in answer.err
    assert list(files.migrations.iterdir()) == []


@pytest.mark.skipif(
    not Path("/proc/self").is_dir(), reason="no /proc: no folder that even root cannot write to"
)
def test_new_fails_when_the_folder_is_not_writable(files: Project) -> None:
    answer = files.koonj("new", "x", "--migrations", "/proc/self")
    assert answer.code == 1
    assert answer.err.startswith("koonj: error: /proc/self/")
    assert "cannot be written" in answer.err


def test_patterns_lists_patterns_and_fields(files: Project) -> None:
    listed = files.koonj("patterns")
    assert listed.code == 0
    assert "add_column" in listed.out
    one = files.koonj("patterns", "add_column").out
    assert "\ntable  Table: qualified name, required\n" in one
    assert "koonj new --pattern add_column table=documents column=status" in one
    report = files.koonj("patterns", "--json").json["patterns"]
    assert {"key", "title", "description", "path", "fields", "file_names"} <= set(report[0])
    assert files.koonj("patterns", "nonsense").code == 2


@pytest.mark.slow
def test_example_command_of_every_pattern_works(files: Project) -> None:
    patterns = files.koonj("patterns", "--json").json["patterns"]
    commands = [files.koonj("patterns", pattern["key"]).out.splitlines()[-1] for pattern in patterns]
    assert all(command.startswith("koonj new --pattern ") for command in commands)
    # The shell reads the quotes; koonj itself then runs in this process, which is faster.
    script = "\n".join(("koonj() { printf '%s\\036' \"$@\"; echo; }", *commands))
    read = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, timeout=60)
    for line in read.stdout.split("\n")[:-1]:
        answer = files.koonj(*line.split("\x1e")[:-1])
        assert answer.code == 0, answer.err
    assert len(list((files.root / "migrations").glob("*.sql"))) >= len(patterns)


def test_patterns_reports_an_invalid_pattern_file(files: Project) -> None:
    folder = files.root / "database" / "patterns"
    folder.mkdir(parents=True)
    (folder / "mine.sql").write_text("nothing of a pattern")
    answer = files.koonj("patterns")
    assert answer.code == 1
    assert "mine.sql" in answer.err
    assert "add_column" in answer.out


def test_init_creates_a_project(files: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = files.root / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    answer = files.koonj("init")
    assert answer.code == 0
    assert answer.out.startswith("created koonj.toml\ncreated database/migrations\n")
    assert files.koonj("new", "first").out == "database/migrations/001_first.sql\n"
    again = files.koonj("init")
    assert again.code == 1
    assert "already exists" in again.err


def test_status_names_init_when_there_is_no_project(files: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = files.root / "empty"
    empty.mkdir()
    (files.root / "koonj.toml").unlink()
    (files.root / "migrations").rmdir()
    monkeypatch.chdir(empty)
    answer = files.koonj("status")
    assert answer.code == 2
    assert "koonj init" in answer.err


def test_error_in_koonj_toml_is_reported_with_its_line(files: Project) -> None:
    (files.root / "koonj.toml").write_text('migrations = "migrations"\nnonsense = 1\n')
    answer = files.koonj("status")
    assert answer.code == 2
    assert "koonj.toml:2" in answer.err


def test_screen_requires_a_terminal(files: Project) -> None:
    answer = files.run()
    assert answer.code == 2
    assert "koonj status" in answer.err


def _traceless(answer: CommandResult, words: str) -> None:
    assert answer.code == 1, answer
    assert words in answer.err + answer.out
    assert "Traceback" not in answer.err + answer.out


COMMANDS_OF_A_FOLDER = (
    ("status",), ("check",), ("check", "--json"), ("rehearse", "--json"), ("apply", "--plan"), ("init",), (),
)  # fmt: skip


@pytest.mark.parametrize("argv", COMMANDS_OF_A_FOLDER)
def test_deleted_working_directory_is_one_clear_error(files: Project, argv: tuple[str, ...]) -> None:
    gone = files.root / "gone"
    gone.mkdir()
    script = f'rmdir "{gone}"; exec "$@"'
    answer = files.run_in(("/bin/sh", "-c", script, "sh"), gone, *argv)
    _traceless(answer, "The working directory cannot be used: No such file or directory.")
    if "--json" in argv:
        assert "working directory" in json.loads(answer.out)["error"]["message"]


def test_version_needs_no_working_directory(files: Project) -> None:
    gone = files.root / "gone"
    gone.mkdir()
    script = f'rmdir "{gone}"; exec "$@"'
    answer = files.run_in(("/bin/sh", "-c", script, "sh"), gone, "--version")
    assert (answer.code, answer.err) == (0, "")


ON_A_SERVER = (("rehearse", "--all"), ("status", "--dsn", "embedded"), ("drift", "--dsn", "embedded"))


@pytest.mark.parametrize("limit", [12, 24, 60])
@pytest.mark.parametrize("argv", [*ON_A_SERVER, ("apply", "--plan", "--dsn", "embedded")])
def test_low_limit_of_open_files_is_named(files: Project, limit: int, argv: tuple[str, ...]) -> None:
    files.table(1)
    script = f'ulimit -n {limit}; exec "$@"'
    answer = files.run_in(("/bin/sh", "-c", script, "sh"), files.root, *argv)
    _traceless(answer, f"koonj can open only {limit} files, and a PostgreSQL server needs 64.")
    assert "ulimit -n 1024" in answer.err + answer.out


@pytest.mark.parametrize("argv", [*ON_A_SERVER, ("apply", "--plan", "--dsn", "embedded"), ("new", "x")])
def test_read_only_file_system_is_one_clear_error(files: Project, argv: tuple[str, ...], home: Path) -> None:
    files.table(1)
    mounts = f"/ /tmp /dev/shm /var/tmp /run '{home}' '{files.root}'"
    alone = ("unshare", "--mount", "--propagation", "private", "/bin/sh", "-c")
    script = f"for at in {mounts}; do mount --bind $at $at; mount -o remount,ro,bind $at; done 2>/dev/null; "
    script += f"cd '{files.root}'; "
    probe = subprocess.run(  # may this user mount, and does it help?
        (*alone, f"{script} ! touch '{files.root}/x'"), capture_output=True, check=False
    )
    if probe.returncode:
        pytest.skip("this user cannot mount a read-only file system")
    answer = files.run_in((*alone, f'{script} exec "$@"', "sh"), files.root, *argv)
    _traceless(answer, "No usable temporary directory" if argv[0] == "rehearse" else "Read-only file system")
