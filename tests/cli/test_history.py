"""The command that lists the history."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import psycopg
import pytest

from koonj.cli import history
from koonj.cli.command_options import add_history_options
from koonj.cli.parser import Parser
from koonj.migrations import history_filter
from koonj.migrations.history_entry import Outcome
from support.command import CommandResult, Project


def test_history_lists_entries_oldest_first(project: Project) -> None:
    assert project.koonj("history").out == ""
    name = project.table(1)
    project.koonj("apply", "--yes")
    project.koonj("rollback", "--yes")
    project.write("002_bad.sql", "SELECT nothing;")
    project.koonj("apply", "--all", "--yes")
    lines = project.koonj("history").out.splitlines()
    assert lines[0].startswith(f"✓ apply done  {name}  ")
    assert lines[1].startswith(f"◦ rollback done  {name}  ")
    assert lines[3].startswith("✗ apply failed, 0 of 1 statement committed  002_bad.sql  ")
    assert lines[4] == '    error: column "nothing" does not exist (SQLSTATE 42703)'
    report = project.koonj("history", "2", "--json").json
    entry = report["entries"][0]
    who = f"{entry['os_user']}@{entry['host']} as {entry['database_role']}"
    assert lines[0].endswith(f"  by {who}")
    assert [(entry["name"], entry["outcome"]) for entry in report["entries"]] == [("002_bad.sql", "failed")]
    assert project.koonj("history", "001_make_t1.sql").out.count("\n") == 3


def test_history_is_empty_for_a_migration_that_never_ran(project: Project) -> None:
    project.table(1)
    project.write("001_twin.sql", "SELECT 1;")
    assert (project.koonj("history", "1").code, project.koonj("history", "1").out) == (0, "")
    unknown = project.koonj("history", "99")
    assert unknown.err == project.koonj("show", "99").err


def test_history_finds_a_missing_file(project: Project) -> None:
    name = project.table(1)
    project.koonj("apply", "--yes")
    (project.migrations / name).unlink()
    assert name in project.koonj("history", "1").out


def names(found: CommandResult) -> list[str]:
    return [entry["name"] for entry in found.json["entries"]]


def _in_utc(when: datetime | float) -> datetime:
    return when.astimezone(UTC) if isinstance(when, datetime) else datetime.fromtimestamp(when, UTC)


@pytest.fixture
def worked(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose history has entries of two people on four days; the last one, of today, failed."""
    for module in (history, history_filter):
        monkeypatch.setattr(module, "local_time", _in_utc)
    monkeypatch.setattr(history, "now", lambda: datetime(2026, 9, 10, 23, tzinfo=UTC).timestamp())
    for number in (1, 2, 3):
        project.table(number)
    project.write("004_bad.sql", "SELECT nothing;")
    project.koonj("apply", "--all", "--yes")
    with psycopg.connect(project.dsn, autocommit=True) as conn:
        conn.execute("UPDATE koonj.history SET os_user = 'ada', host = 'bastion', database_role = 'migrator'")
        for number, day in ((1, "2026-08-01"), (2, "2026-08-31"), (3, "2026-09-02"), (4, "2026-09-10")):
            conn.execute(
                "UPDATE koonj.history SET started = %s, finished = %s WHERE name LIKE %s",
                (f"{day} 12:00Z", f"{day} 12:00Z", f"00{number}%"),
            )
        conn.execute("UPDATE koonj.history SET os_user = 'grace' WHERE name LIKE '002%'")
    return project


T1, T2, T3, BAD = "001_make_t1.sql", "002_make_t2.sql", "003_make_t3.sql", "004_bad.sql"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--by", "grace"), [T2]),
        (("--by", "ada@bastion", "--by", "migrator"), [T1, T3, BAD]),
        (("--by", "Ada"), []),
        (("--day", "2026-08"), [T1, T2]),
        (("--day", "2026-08-31"), [T2]),
        (("--since", "2026-08-31", "--until", "2026-09-09"), [T2, T3]),
        (("--since", "2026-08", "--until", "2026-08"), [T1, T2]),
        (("--until", "2026-08-30"), [T1]),
        (("--day", "today"), [BAD]),
        (("--since", "1d"), [BAD]),
        (("--ended", "failed"), [BAD]),
        (("--ended", "done", "--by", "ada", "--day", "2026"), [T1, T3]),
        (("2", "--by", "grace"), [T2]),
        (("2", "--by", "ada"), []),
    ],
)
def test_history_lists_what_every_option_matches(
    worked: Project, options: tuple[str, ...], expected: list[str]
) -> None:
    found = worked.koonj("history", *options, "--json")
    assert (found.code, names(found), found.json["more"]) == (0, expected, 0)
    lines = worked.koonj("history", *options).out.splitlines()
    assert [line.split("  ")[1] for line in lines if not line.startswith(" ")] == expected


def test_history_with_a_limit_lists_the_newest_and_says_how_many_more(worked: Project) -> None:
    found = worked.koonj("history", "--limit", "2")
    assert [line.split("  ")[1] for line in found.out.splitlines()[:2]] == [T3, BAD]
    assert found.err == "koonj: 2 older entries are not listed. To list all, leave out --limit.\n"
    report = worked.koonj("history", "--limit", "1", "--ended", "done", "--json")
    assert (names(report), report.json["more"], report.err) == ([T3], 2, "")
    assert worked.koonj("history", "--limit", "4").err == ""
    assert worked.koonj("history", "--limit", "2", "--json").json["entries"][1]["error"]


def test_history_on_a_target_without_one_is_empty_also_with_a_limit(project: Project) -> None:
    found = project.koonj("history", "--limit", "2", "--json").json
    assert (found["entries"], found["more"]) == ([], 0)


@pytest.mark.parametrize("option", ["--day", "--since", "--until"])
def test_history_refuses_what_is_no_day(project: Project, option: str) -> None:
    found = project.koonj("history", option, "2026-02-30")
    assert found.code == 2
    assert f"{option}: 2026-02-30 is not a day. Write 2026-08-01, 2026-08, today" in found.err


def test_history_refuses_a_limit_of_nothing(project: Project) -> None:
    found = project.koonj("history", "--limit", "0")
    assert (found.code, found.err) == (2, "koonj: error: --limit requires a number from 1 on.\n")


def test_option_ended_has_every_end_of_an_entry() -> None:
    parser = Parser()
    add_history_options(parser)
    ended = next(action for action in parser._actions if action.dest == "ended")
    assert set(ended.choices or ()) == set(Outcome)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page have two entries."""
    monkeypatch.setattr("koonj.runner.target.history.PAGE", 2)


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 5])
def test_history_that_is_read_in_pages_is_the_whole_history(project: Project, number: int) -> None:
    project.table(1)
    project.koonj("apply", "--yes")
    with psycopg.connect(project.dsn, autocommit=True) as conn:
        conn.execute(
            """INSERT INTO koonj.history OVERRIDING SYSTEM VALUE
               SELECT (h).* FROM koonj.history AS one, generate_series(2, %s) AS n,
                   LATERAL (SELECT jsonb_populate_record(one, jsonb_build_object('id', n * 10, 'error',
                       CASE WHEN n %% 2 = 0 THEN 'error ' || n END)) AS h) AS changed""",
            (number,),
        )
        if not number:
            conn.execute("TRUNCATE koonj.history CASCADE")
    expected = [1, *range(20, number * 10 + 1, 10)] if number else []
    found = project.koonj("history", "--json")
    assert [entry["id"] for entry in found.json["entries"]] == expected
    assert [entry["error"] for entry in found.json["entries"][1:]] == [
        f"error {n}" if n % 2 == 0 else None for n in range(2, number + 1)
    ]
    assert list(found.json) == ["koonj", "command", "target", "warnings", "entries", "more"]
    assert found.out == json.dumps(found.json, indent=2) + "\n", (
        "it is written in pieces, and looks as a whole"
    )
    text = project.koonj("history").out
    assert text.count("001_make_t1.sql") == number
    assert text.count("error: error ") == number // 2


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize("asked", ["3", "003_new.sql"])
def test_history_of_a_renamed_file_has_its_earlier_names_in_every_page(project: Project, asked: str) -> None:
    for number in (1, 2, 3):
        project.table(number)
    assert project.koonj("apply", "--all", "--yes").code == 0
    for old, new in (("001_make_t1.sql", "004_middle.sql"), ("004_middle.sql", "003_new.sql")):
        (project.migrations / old).rename(project.migrations / new)
        allowed = project.koonj("apply", "--yes", "--allow", "renamed,duplicate,late", "--reason", "x")
        assert allowed.code == 0, allowed.err
    found = names(project.koonj("history", asked, "--json"))
    assert found[0] == "001_make_t1.sql"
    assert set(found) == {
        "001_make_t1.sql",
        "004_middle.sql",
        "003_new.sql",
        *(["003_make_t3.sql"] if asked == "3" else []),
    }
    assert "002_make_t2.sql" not in found
    assert names(project.koonj("history", asked, "--limit", "1", "--json")) == found[-1:]


@pytest.mark.usefixtures("pages")
@pytest.mark.parametrize(
    ("number", "expected"),
    [("1", ["001_a.sql", "01_b.sql", "1"]), ("0", ["000_x.sql", "0x", "z.sql"]), ("11", ["0011_c.sql"])],
)
def test_number_of_a_name_is_the_same_on_the_server(
    project: Project, number: str, expected: list[str]
) -> None:
    project.table(7)
    project.koonj("apply", "--yes")
    for name in (
        "001_a.sql",
        "01_b.sql",
        "1",
        "10_d.sql",
        "000_x.sql",
        "0x",
        "0011_c.sql",
        "z.sql",
        "2_1.sql",
    ):
        project.sql(
            "INSERT INTO koonj.history OVERRIDING SYSTEM VALUE SELECT (h).* FROM koonj.history AS one, LATERAL (SELECT "
            f"jsonb_populate_record(one, jsonb_build_object('id', nextval('koonj.history_id_seq'), 'name', '{name}'))"
            " AS h) AS changed WHERE one.name = '007_make_t7.sql'"
        )
    assert names(project.koonj("history", number, "--json")) == expected


def test_history_that_cannot_be_read_has_no_report(project: Project) -> None:
    (project.root / "koonj.toml").write_text(
        'migrations = "migrations"\n[targets.local]\ndsn = "host=/nowhere"\n'
    )
    found = project.koonj("history", "--json")
    assert (found.code, "entries" in found.out) == (1, False)
