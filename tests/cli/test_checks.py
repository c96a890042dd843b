"""Safety rules in `koonj check` and `koonj apply`, and their settings."""

from __future__ import annotations

import shlex

import pytest

from support.command import Project

ROLLBACK = "\n-- Rollback:\n-- BEGIN;\n-- SELECT 1;\n-- COMMIT;\n"


def write(project: Project, number: int, text: str) -> str:
    name = f"{number:03d}_x.sql"
    project.write(name, f"BEGIN;\n{text}\nCOMMIT;\n{ROLLBACK}")
    return name


def configure(project: Project, checks: str) -> None:
    with (project.root / "koonj.toml").open("a") as file:
        file.write(f"\n[checks]\n{checks}\n")


def test_check_reports_findings_with_hint_and_does_not_fail(files: Project) -> None:
    write(files, 1, "SELECT 1;\nUPDATE settings SET value = 'x';")
    answer = files.koonj("check")
    assert answer.code == 0
    assert answer.out.splitlines()[0] == (
        "migrations/001_x.sql:3:1: warning: UPDATE without WHERE locks every row of settings until COMMIT, and doubles "
        "the size of the table. [whole-table-write]"
    )
    assert answer.out.splitlines()[-1] == "1 migration in migrations: 1 warning"


def test_json_contains_the_pattern_and_its_values(files: Project) -> None:
    write(files, 1, "CREATE UNIQUE INDEX i ON app.t (a, lower(b));")
    (problem,) = files.koonj("check", "--json").json["problems"]
    assert (problem["code"], problem["severity"], problem["line"], problem["column"]) == (
        *("index-not-concurrent", "warning"),
        *(2, 1),
    )
    values = [["table", "app.t"], ["columns", "a, lower(b)"], ["unique", "yes"], ["index", "i"]]
    assert problem["pattern"] == {
        "key": "create_index",
        "values": values,
        "replaces": True,
        "missing": [],
        "command": "koonj new --pattern create_index table=app.t 'columns=a, lower(b)' unique=yes index=i",
    }


def test_findings_and_other_problems_of_a_file_are_in_the_order_of_its_lines(files: Project) -> None:
    files.write("001_x.sql", "BEGIN;\nTRUNCATE t;\nBEGIN;\nDROP TABLE u;\nCOMMIT;\n" + ROLLBACK)
    codes = [p["code"] for p in files.koonj("check", "--json").json["problems"]]
    assert codes == ["truncate", "nested-begin", "drop-table"]


def test_show_has_what_check_reports_about_the_file(files: Project) -> None:
    write(files, 1, "CREATE TABLE t (a int);")
    write(files, 2, "CREATE INDEX i ON t (a);\nTRUNCATE u;")
    files.write("003_x.sql", "BEGIN;\nTRUNCATE t;\nBEGIN;\nDROP TABLE u;\nCOMMIT;\n")
    configure(files, 'drop-table = "note"')
    of_all = files.koonj("check", "--json").json["problems"]
    for number in (1, 2, 3):
        name = f"{number:03d}_x.sql"
        expected = [
            {k: v for k, v in p.items() if k not in {"name", "path"}} for p in of_all if p["name"] == name
        ]
        assert files.koonj("show", str(number), "--json").json["migration"]["problems"] == expected


def test_level_error_makes_check_exit_1(files: Project) -> None:
    write(files, 1, "TRUNCATE t;")
    configure(files, 'truncate = "error"')
    answer = files.koonj("check")
    assert (answer.code, ": error: TRUNCATE deletes" in answer.out) == (1, True)


def test_level_off_and_after_leave_findings_out(files: Project) -> None:
    for number in (1, 2):
        write(files, number, f"TRUNCATE t;\nDROP TABLE u{number};")
    configure(files, 'truncate = "off"\nafter = 1')
    problems = files.koonj("check", "--json").json["problems"]
    assert [(p["name"], p["code"]) for p in problems] == [("002_x.sql", "drop-table")]


@pytest.mark.parametrize(
    ("checks", "place", "message"),
    [
        ('trunkate = "off"', "1", "unknown check 'trunkate'. Did you mean 'truncate'?"),
        (
            '  truncate = "eror"',
            "3",
            "truncate must be 'off', 'note', 'warning' or 'error'. Did you mean 'error'?",
        ),
        ("truncate = true", "", "checks.truncate must be a string"),
        ('after = "2"', "", "checks.after must be a number"),
    ],
)
@pytest.mark.parametrize("command", [("check",), ("apply", "--plan")])
def test_wrong_setting_is_an_error_with_its_place(
    project: Project, checks: str, place: str, message: str, command: tuple[str, ...]
) -> None:
    configure(project, checks)
    lines = (project.root / "koonj.toml").read_text().splitlines()
    answer = project.koonj(*command)
    where = f"koonj.toml:{len(lines)}:{place}".rstrip(":")
    assert (answer.code, f"{where}: {message}" in answer.err) == (2, True), answer.err


def test_finding_of_level_error_stops_an_apply(project: Project) -> None:
    project.table(1)
    assert project.koonj("apply", "--all", "--yes").code == 0
    write(project, 2, "TRUNCATE t1;")
    configure(project, 'truncate = "error"')
    answer = project.koonj("apply", "--all", "--yes")
    assert answer.code == 1
    assert "migrations/002_x.sql:2:1: TRUNCATE deletes all rows of t1" in answer.err + answer.out
    assert project.koonj("status", "--json").json["counts"]["pending"] == 1


def test_table_of_the_same_run_is_new(project: Project) -> None:
    project.table(1)
    write(project, 2, "SELECT 1;")
    write(project, 3, "TRUNCATE t1;")
    configure(project, 'truncate = "error"')
    assert project.koonj("check").code == 1
    assert project.koonj("apply", "--all", "--yes").code == 0


def test_warnings_stop_no_apply(project: Project) -> None:
    project.table(1)
    assert project.koonj("apply", "--all", "--yes").code == 0
    write(project, 2, "TRUNCATE t1;")
    configure(project, 'drop-table = "error"\ntruncate = "note"')
    assert project.koonj("apply", "--all", "--yes").code == 0


@pytest.mark.parametrize(
    ("statement", "command"),
    [
        (
            "CREATE INDEX \"my idx\" ON orders (owner_id, lower(x)) INCLUDE (a, b) WHERE note = 'it' AND (b > 2);",
            "koonj new --pattern create_index table=orders 'columns=owner_id, lower(x)' 'include=a, b' "
            "'where=note = '\"'\"'it'\"'\"' AND (b > 2)' 'index=my idx'",
        ),
        ("CREATE INDEX ON orders (owner_id) WITH (fillfactor = 70);", None),
        (
            "ALTER TABLE orders ADD FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE SET NULL;",
            "koonj new --pattern add_foreign_key table=orders columns=owner_id references=users referenced=id "
            "'on_delete=SET NULL'",
        ),
        ("ALTER TABLE orders ADD FOREIGN KEY (owner_id) REFERENCES users (id) ON UPDATE CASCADE;", None),
        ("ALTER TABLE orders ADD FOREIGN KEY (owner_id) REFERENCES users DEFERRABLE;", None),
    ],
    ids=["index", "index with options", "key", "key with ON UPDATE", "deferrable key"],
)
def test_command_for_the_pattern_has_all_of_the_statement_or_is_not_named(
    files: Project, statement: str, command: str | None
) -> None:
    """The statement is taken out when the pattern has written its files, so nothing of it may be lost."""
    write(files, 1, statement)
    assert (f"    To write it safely, run: {command}" in files.koonj("check").out) is bool(command)
    problems = files.koonj("check", "--json").json["problems"]
    assert [p["pattern"]["command"] for p in problems if p["pattern"] and p["pattern"]["replaces"]] == (
        [command] if command else []
    )


def test_command_for_the_pattern_writes_the_file(files: Project) -> None:
    write(files, 1, "CREATE INDEX \"Big idx\" ON app.t (a, lower(b)) WHERE c = 'x y';")
    (problem,) = files.koonj("check", "--json").json["problems"]
    answer = files.koonj(*shlex.split(problem["pattern"]["command"])[1:])
    assert answer.code == 0, answer.err
    (written,) = sorted(files.root.glob("migrations/002_*.sql"))
    assert "USING btree (a, lower(b))\n    WHERE (c = 'x y');" in written.read_text()
