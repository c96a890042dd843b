"""squawk as a second opinion: what it is given, which of its findings are shown, and what is said if it fails."""

from __future__ import annotations

import site
import subprocess
import sysconfig
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from koonj.migrations.folder import Folder, FolderReader, check
from koonj.migrations.squawk.install import VERSION, find
from koonj.migrations.squawk.opinion import Opinion, with_squawk
from koonj.migrations.squawk.plain_sql import plain_sql
from koonj.migrations.squawk.rules import SAID_BY_KOONJ, is_shown
from koonj.sql.source import Source

SQUAWK = find()
needs_squawk = pytest.mark.skipif(SQUAWK is None, reason="squawk is not installed (extra: test)")
ROLLBACK = "-- Rollback: none: test\n"


def folder_of(path: Path, **texts: str | bytes) -> Folder:
    for name, text in texts.items():
        raw = text if isinstance(text, bytes) else (text + ROLLBACK).encode()
        (path / f"{name.removeprefix('m')}.sql").write_bytes(raw)
    return FolderReader(path, path).read()


def ask(path: Path, **texts: str | bytes) -> Opinion:
    assert SQUAWK is not None
    folder = folder_of(path, **texts)
    return with_squawk(SQUAWK, folder, check(folder))


def found(opinion: Opinion) -> list[tuple[str, str, int | None, int | None]]:
    assert opinion.failure == ""
    return [(name, p.code, p.line, p.column) for name, _, p in opinion.problems]


def program(path: Path, version: str = f"squawk {VERSION}", then: str = "echo '[]'") -> Path:
    """Return a program that says this version and does this instead of linting."""
    file = path / "squawk"
    file.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{version}"; exit; fi\n{then}\n')
    file.chmod(0o755)
    return file


@pytest.mark.parametrize("user_site", [True, False])
def test_squawk_of_the_user_counts_only_outside_a_virtual_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, user_site: bool
) -> None:
    user = sysconfig.get_preferred_scheme("user")
    monkeypatch.setattr(site, "ENABLE_USER_SITE", user_site)
    monkeypatch.setattr(sysconfig, "get_path", lambda _, scheme: str(tmp_path / scheme))
    assert find() is None
    (tmp_path / user).mkdir()
    its = program(tmp_path / user)
    assert find() == (its if user_site else None)
    (tmp_path / sysconfig.get_default_scheme()).mkdir()
    own = program(tmp_path / sysconfig.get_default_scheme())
    assert find() == own


@needs_squawk
def test_findings_stand_between_koonj_s_own_in_the_order_of_the_file(tmp_path: Path) -> None:
    opinion = ask(
        tmp_path,
        m001_a="DROP DATABASE a;\n-- koonj: lock_timeout 1s\nDROP DATABASE b;\n",
        m002_b="SELECT 1;\n",
        m004_c="SELECT 1; DROP DATABASE c;\n",
    )
    assert found(opinion) == [
        ("004_c.sql", "gap", None, None),
        ("001_a.sql", "squawk/ban-drop-database", 1, 1),
        ("001_a.sql", "misplaced-setting", 2, 1),
        ("001_a.sql", "squawk/ban-drop-database", 3, 1),
        ("004_c.sql", "squawk/ban-drop-database", 1, 11),
    ]


@needs_squawk
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_columns_count_characters(tmp_path: Path, end: str) -> None:
    text = f'\ufeffDROP DATABASE "é😀"; DROP DATABASE v;{end}-- \u2028 \x0b \x0c \x85{end}/* é😀 */ DROP DATABASE w;{end}'
    found_at = [(line, column) for *_, line, column in found(ask(tmp_path, m001_a=text))]
    assert found_at == [(1, 1), (1, 21), (3, 10)]
    lines = Source(text.removeprefix("\ufeff"))
    assert [lines.line(line or 0)[(column or 0) - 1 :][:6] for line, column in found_at] == [
        "DROP D",
        "DROP D",
        "DROP D",
    ]


@needs_squawk
def test_statements_after_rows_and_meta_commands_are_read(tmp_path: Path) -> None:
    text = "COPY t FROM stdin;\n1\té'\n\\.\n\\echo it's\nSELECT 1\\; SELECT 2;\nDROP DATABASE t;\n"
    assert found(ask(tmp_path, m001_a=text)) == [("001_a.sql", "squawk/ban-drop-database", 6, 1)]


@needs_squawk
def test_files_that_squawk_cannot_read_do_not_hide_the_others(tmp_path: Path) -> None:
    opinion = ask(
        tmp_path,
        m001_a=b"DROP DATABASE a; -- \xff\n",
        m002_b="DROP DATABASE a; '",
        m003_c="DROP DATABASE a;\n",
        m004_d=b"<<<<<<< x\nDROP DATABASE a;\n",
    )
    assert [code for _, code, *_ in found(opinion) if code.startswith("squawk")] == [
        "squawk/ban-drop-database"
    ]


@needs_squawk
def test_only_the_body_of_another_tools_migration_is_read(tmp_path: Path) -> None:
    up, down = "-- +goose Up\n", "-- +goose Down\n"
    texts = {
        "1_a.sql": up + "DROP DATABASE a;\n" + down + "DROP DATABASE b;\n",
        "2_b.go": "package main\n",
        "3_c.sql": up + "-- +goose ENVSUB ON\nSELECT ${NAME};\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    folder = FolderReader(tmp_path, tmp_path).read()
    assert SQUAWK is not None
    opinion = with_squawk(SQUAWK, folder, check(folder))
    said = [(name, line) for name, code, line, _ in found(opinion) if code.startswith("squawk")]
    assert said == [("1_a.sql", 2)]


@needs_squawk
@pytest.mark.parametrize("outside", ["../outside/x", "{}/outside/x"])
def test_name_of_a_migration_leads_to_no_place_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outside: str
) -> None:
    """The name of a changeset of Liquibase is any text of its file."""
    for name in ("m", "outside", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    identity = outside.format(tmp_path) if outside.startswith("{") else "../" + outside
    text = f"--liquibase formatted sql\n--changeset me:{identity}\nDROP DATABASE a;\n"
    (tmp_path / "m" / "a.sql").write_text(text)
    folder = FolderReader(tmp_path / "m", tmp_path).read()
    assert SQUAWK is not None
    opinion = with_squawk(SQUAWK, folder, check(folder))
    said = [(name, line) for name, code, line, _ in found(opinion) if code.startswith("squawk")]
    assert said == [(f"{identity}::me", 3)]
    assert list((tmp_path / "outside").iterdir()) == []


@needs_squawk
def test_ignore_comments_of_squawk_are_honoured(tmp_path: Path) -> None:
    line = "-- squawk-ignore ban-drop-database\nDROP DATABASE a;\nDROP DATABASE b;\n"
    file = "-- squawk-ignore-file ban-drop-database\nDROP DATABASE a;\nDROP DATABASE b;\n"
    assert found(ask(tmp_path, m001_a=line, m002_b=file)) == [("001_a.sql", "squawk/ban-drop-database", 3, 1)]


@needs_squawk
def test_a_configuration_of_squawk_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".squawk.toml").write_text('excluded_rules = ["ban-drop-database"]\n')
    assert len(found(ask(tmp_path, m001_a="DROP DATABASE a;\n"))) == 1


@needs_squawk
def test_excluded_rules_are_never_shown(tmp_path: Path) -> None:
    text = """
        CREATE INDEX CONCURRENTLY i ON t (a);
        ALTER TABLE t ALTER COLUMN a TYPE varchar(200);
        ALTER TABLE t ALTER COLUMN a SET NOT NULL;
        ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) NOT VALID;
        CREATE TABLE s (id serial PRIMARY KEY, a int, b timestamp, c varchar(10));
    """
    assert found(ask(tmp_path, m001_a=text)) == []


@needs_squawk
def test_not_valid_is_advised_only_where_postgresql_knows_it(tmp_path: Path) -> None:
    text = """
        ALTER TABLE t ADD CONSTRAINT "a b" -- x
            UNIQUE (a);
        ALTER TABLE t ADD EXCLUDE USING gist (a WITH &&);
        ALTER TABLE t ADD PRIMARY KEY (a);
        ALTER TABLE t ADD CONSTRAINT "unique" CHECK (a > 0);
    """
    advised = [
        line for _, code, line, _ in found(ask(tmp_path, m001_a=text)) if code.endswith("missing-not-valid")
    ]
    assert advised == [6]


@needs_squawk
def test_what_koonj_says_itself_is_not_repeated(tmp_path: Path) -> None:
    text = "BEGIN;\nCREATE INDEX CONCURRENTLY i ON t (a);\nCOMMIT;\nBEGIN;\nCREATE DOMAIN t AS int CHECK (true);\n"
    assert [code for _, code, *_ in found(ask(tmp_path, m001_a=text))] == [
        "refused-in-transaction",
        "open-transaction",
        "squawk/ban-create-domain-with-constraint",
    ]


@needs_squawk
def test_a_file_without_begin_runs_in_one_transaction_unless_postgresql_refuses_it(tmp_path: Path) -> None:
    text = "CREATE TABLE t (id bigint);\nALTER TABLE t ADD CONSTRAINT c CHECK (id > 0);\n"
    opinion = ask(tmp_path, m001_a=text, m002_b=f"BEGIN;\n{text}COMMIT;\n", m003_c=f"{text}VACUUM t;\n")
    assert found(opinion) == [("003_c.sql", "squawk/constraint-missing-not-valid", 2, 15)]


@needs_squawk
def test_every_rule_that_koonj_names_exists() -> None:
    names = [
        *("prefer-robust-stmts", "require-lock-timeout", "require-statement-timeout", "transaction-nesting"),
        *("changing-column-type", "adding-not-nullable-field", "adding-foreign-key-constraint"),
    ]
    assert not any(is_shown(name, "") for name in names)
    excluded = ",".join((*names, *SAID_BY_KOONJ))
    command = (str(SQUAWK), "--stdin-filepath=x.sql", f"--exclude={excluded}", "--reporter=json")
    done = subprocess.run(command, input=b"SELECT 1;", capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@needs_squawk
def test_more_files_than_fit_into_a_call_are_asked_in_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("koonj.migrations.squawk.program._AT_ONCE", 2)
    texts = {f"m{number:03d}_a": "DROP DATABASE a;\n" for number in range(1, 6)}
    assert len(found(ask(tmp_path, **texts))) == 5


@pytest.mark.parametrize(
    ("version", "then", "why"),
    [
        ("squawk 3.0.0", "echo '[]'", f"its version is 'squawk 3.0.0', and koonj knows {VERSION}."),
        (f"squawk {VERSION}", "echo oh no >&2; exit 101", "it failed (exit code 101): oh no."),
        (f"squawk {VERSION}", "exit 1", "it failed (exit code 1)."),
        (f"squawk {VERSION}", "echo '{'", "its output is not what koonj understands."),
        (f"squawk {VERSION}", "echo '[{\"file\": 1}]'", "its output is not what koonj understands."),
        (f"squawk {VERSION}", "echo 7", "its output is not what koonj understands."),
    ],
)
def test_another_or_broken_squawk_changes_nothing(tmp_path: Path, version: str, then: str, why: str) -> None:
    (tmp_path / "m").mkdir()
    folder = folder_of(tmp_path / "m", m001_a="BEGIN;\nDROP DATABASE a;\n", m003_b="SELECT 1;\n")
    own = check(folder)
    opinion = with_squawk(program(tmp_path, version, then), folder, own)
    assert opinion.problems == own
    assert opinion.failure.startswith(why)


def test_a_squawk_that_is_no_program_changes_nothing(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, m001_a="SELECT 1;\n")
    broken = tmp_path / "squawk"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    assert with_squawk(broken, folder, ()).failure.startswith("it cannot be run: ")


def test_squawk_is_not_asked_without_a_place_for_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m").mkdir()
    folder = folder_of(tmp_path / "m", m001_a="SELECT 1;\n")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    failure = with_squawk(program(tmp_path), folder, ()).failure
    assert failure == "the files for it cannot be written: No such file or directory."


def test_a_squawk_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("koonj.migrations.squawk.program._SECONDS", 0.3)
    folder = folder_of(tmp_path, m001_a="SELECT 1;\n")
    failure = with_squawk(program(tmp_path, then="exec sleep 600"), folder, ()).failure
    assert failure == "it has not ended after 0.3 s."


def test_squawk_gets_no_secret_and_no_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m").mkdir()
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:qwertz@h/d")
    folder = folder_of(tmp_path / "m", m001_a="SELECT 1;\n")
    seen = tmp_path / "seen"
    spy = program(tmp_path, then=f'env > "{seen}"; echo "$0 $*" >> "{seen}"; ls -A >> "{seen}"; echo "[]"')
    assert with_squawk(spy, folder, ()).failure == ""
    text = seen.read_text()
    assert "qwertz" not in text
    assert (
        f"{spy} --config squawk.toml --reporter json --assume-in-transaction -- 1.sql\n1.sql\nsquawk.toml\n"
        in text
    )


def test_places_outside_the_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    folder = folder_of(tmp_path / "m", m001_a="SELECT 1;\n")
    finding = (
        '{"file": "%s", "line": 99, "column": 99, "line_end": -1, "column_end": -1, "level": "Warning", '
        '"message": "m", "help": null, "rule_name": "constraint-missing-not-valid"}'
    )
    many = f"[{finding % '1.sql'}, {finding % 'other.sql'}]"
    opinion = with_squawk(program(tmp_path, then=f"echo '{many}'"), folder, ())
    assert found(opinion) == [("001_a.sql", "squawk/constraint-missing-not-valid", 3, 1)]


@given(
    st.lists(
        st.sampled_from(
            [
                "SELECT 1",
                ";",
                "\\;",
                "\n",
                "\r\n",
                "\r",
                "COPY t FROM stdin;\n",
                "1\té😀\n",
                "\\.\n",
                "\\echo é\n",
                "'",
            ]
        )
    )
)
def test_every_line_keeps_its_length_in_bytes(parts: list[str]) -> None:
    text = "".join(parts)
    plain = plain_sql(text)
    before, after = Source(text), Source(plain)
    assert after.line_count == before.line_count
    for number in range(1, before.line_count + 1):
        assert len(after.line(number).encode()) == len(before.line(number).encode())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("SELECT E'\\n';\n", "SELECT E'\\n';\n"),
        ("\\echo é\nSELECT 1;", "        \nSELECT 1;"),
        ("COPY t FROM stdin;\n1\té\n\\.\n-- x\n", "COPY t FROM stdin;\n    \n  \n-- x\n"),
        ("SELECT 1\\; SELECT 2;", "SELECT 1 ; SELECT 2;"),
        ("-- \\echo\nSELECT 1;", "-- \\echo\nSELECT 1;"),
    ],
)
def test_only_what_psql_reads_itself_is_hidden(text: str, plain: str) -> None:
    assert plain_sql(text) == plain
