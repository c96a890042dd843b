"""A measured plan on the screen: the words of the command, with a style for the impact."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from koonj.runner.impact.plan_summary import Heaviest, heaviest_of
from koonj.runner.preflight.wording import decisive
from koonj.runner.run.conflict import Conflict
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement
from koonj.runner.run.row_check import RowCheck, RowOutcome
from koonj.sql.transactions import Mode
from koonj.tui.render.plan_lines import plan_lines
from koonj.tui.theme import BAD, DIM, PLAIN, WARNING
from koonj.tui.theme.fills import DANGER

SENTENCE = "ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), rewrites it: reads and writes wait"


def _plan(weight: int, verdict: str | None) -> Plan:
    lock = PlannedLock(
        "public.documents", "table", "ACCESS EXCLUSIVE", True, False, 1, 1, weight, SENTENCE, "2 wait for one"
    )
    statement = PlannedStatement(1, 4, "alter table documents", True, None if verdict is None else (lock,))
    migration = PlannedMigration(
        "016_x.sql",
        Direction.APPLY,
        True,
        Mode.ONE_TRANSACTION,
        "one transaction",
        (statement,),
        verdict=verdict,
        verdict_message="Why.",
    )
    return Plan("local", Direction.APPLY, False, "PostgreSQL 18.6", (migration,))


def _texts(plan: Plan, width: int) -> list[str]:
    return ["".join(text for text, _ in line) for line in plan_lines(plan, "", width)]


def _planned(
    name: str, *locks: PlannedLock, verdict: str | None = "verified", **facts: Any
) -> PlannedMigration:
    statement = PlannedStatement(1, 4, "alter table", True, None if verdict in {None, "unknown"} else locks)
    values = {"in_transaction": True, "mode": Mode.ONE_TRANSACTION, "statements": (statement,), **facts}
    return PlannedMigration(name=name, direction=Direction.APPLY, explanation="x", verdict=verdict, **values)


def _lock(table: str, mode: str, impact: int, size: int | None, *, kind: str = "table") -> PlannedLock:
    return PlannedLock(
        f"public.{table}", kind, mode, False, False, size, 7, impact, f"{mode} on {table}: waits"
    )


OUTSIDE: dict[str, Any] = {
    "in_transaction": False,
    "mode": Mode.SEVERAL,
    "statements": (PlannedStatement(1, 4, "create index concurrently", False, ()),),
}
MIXED: dict[str, Any] = {
    "in_transaction": False,
    "mode": Mode.SEVERAL,
    "statements": (PlannedStatement(1, 4, "a", True, ()), PlannedStatement(2, 5, "b", False, ())),
}


@pytest.mark.parametrize(("weight", "looks"), [(1, DIM), (2, PLAIN), (3, WARNING)])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_lock_is_shown_completely_in_the_style_of_its_impact(weight: int, looks: object, width: int) -> None:
    lines = plan_lines(_plan(weight, "verified"), "", width)
    texts = ["".join(text for text, _ in line) for line in lines]
    assert all(len(text) <= width for text in texts)
    assert SENTENCE in " ".join(text.strip() for text in texts)
    *_, place = (number for number, text in enumerate(texts) if "ACCESS EXCLUSIVE" in text)
    assert lines[place][1:] == [("▮▮▮", BAD), lines[place][2]]
    assert lines[place][2][1] == looks
    assert "2 wait for one" in [text.strip() for text in texts]


def test_verdict_is_shown_when_the_migration_was_rehearsed() -> None:
    def said(verdict: str | None) -> list[object]:
        return [
            (text.strip(), style)
            for line in plan_lines(_plan(1, verdict), "", 80)
            for text, style in line
            if "rehearsal:" in text
        ]

    assert said(None) == []
    assert said("verified") == [("rehearsal: verified (Why)", DIM)]
    assert said("incomplete") == [("rehearsal: incomplete (Why)", WARNING)]
    assert said("unknown") == [("rehearsal: unknown (Why)", WARNING)]


def _plan_of(*migrations: PlannedMigration, protected: bool = False) -> Plan:
    return Plan("local", Direction.APPLY, protected, "PostgreSQL 18.6", migrations)


MANY = _plan_of(
    _planned("015_old.sql", verdict="unknown"),
    _planned("016_add_status_to_documents.sql", _lock("documents", "SHARE", 3, 5_000_000_000)),
    _planned("017_users.sql", _lock("users", "ACCESS EXCLUSIVE", 2, 90_000_000), verdict="broken"),
    _planned("018_index_documents_by_status.sql", **OUTSIDE, verdict="lossy"),
    _planned("019_mixed.sql", **MIXED),
)


@pytest.mark.parametrize("width", [78, 100, 198])
def test_first_lines_say_what_decides(width: int) -> None:
    texts = _texts(MANY, width)
    table = next(number for number, text in enumerate(texts) if text.startswith(" #"))
    facts = " ".join(" ".join(texts[:table]).split())
    assert "migrations 5 3 in one transaction, 1 in several transactions, 1 outside a transaction" in facts
    assert "rehearsal ↯ 1 broken: 017 ◕ 1 lossy: 018 ◌ not rehearsed yet: 015 ◉ 2 verified locks" in facts, (
        "the worst first"
    )
    assert "locks 017 ▮▮▮ ACCESS EXCLUSIVE on users: waits unknown until rehearsed: 015" in facts
    assert texts.index(" Statements") > table


@pytest.mark.parametrize(("width", "words"), [(100, "◉ verified"), (78, "◉  ▮▮▯ SHARE")])
def test_table_has_what_is_known_and_cuts_nothing_that_matters(width: int, words: str) -> None:
    texts = _texts(MANY, width)
    first = next(number for number, text in enumerate(texts) if text.startswith(" #"))
    rows = texts[first : first + 7]
    assert all(len(row) <= width for row in rows)
    assert not any("…" in row for row in rows)
    assert words in rows[3]
    assert all(part in rows[3] for part in ("016", "add_status_to_documents", "▮▮▯ SHARE", "documents"))
    assert "ACCESS" not in rows[2], "its locks are not known"
    assert [row.split()[0] for row in rows[2:]] == ["015", "016", "017", "018", "019"]


def test_narrow_table_keeps_number_name_verdict_and_meter() -> None:
    texts = _texts(MANY, 40)
    row = next(text for text in texts if text.startswith(" 016"))
    assert row.split()[-2:] == ["◉", "▮▮▯"]
    assert row.split()[1].startswith("add_status_to_d")


def test_plan_without_looked_up_verdicts_says_nothing_about_them() -> None:
    facts = " ".join(_texts(_plan_of(_planned("016_a.sql", verdict=None)), 78))
    assert "rehears" not in facts
    assert "locks" not in facts


def test_locks_are_unknown_until_rehearsed_or_none() -> None:
    unknown = " ".join(_texts(_plan_of(_planned("016_a.sql", verdict="unknown")), 78)).split()
    assert "locks unknown until rehearsed statements" in " ".join(unknown)
    none = " ".join(" ".join(_texts(_plan_of(_planned("016_a.sql")), 78)).split())
    assert "locks none that other sessions wait for" in none


def test_heaviest_lock_stops_reads_before_writes_and_is_long_before_large() -> None:
    share = _lock("a", "SHARE", 3, 900)
    found = heaviest_of((_planned("1_a.sql", share, _lock("b", "ACCESS EXCLUSIVE", 2, 5)),))
    assert found is not None
    assert found.lock.relation == "public.b"
    long, large = _lock("long", "SHARE", 3, 5), _lock("large", "SHARE", 2, 900)
    assert heaviest_of((_planned("1_a.sql", large, long),)) == Heaviest("1_a.sql", 1, long)
    sequence = _lock("s", "ACCESS EXCLUSIVE", 1, None, kind="sequence")
    assert heaviest_of((_planned("1_a.sql", sequence, large),)) == Heaviest("1_a.sql", 1, large)
    scan = replace(large, scans=True)
    assert heaviest_of((_planned("1_a.sql", large, scan),)) == Heaviest("1_a.sql", 1, scan)


def test_statements_that_were_committed_have_no_locks_to_come() -> None:
    done = replace(_planned("016_a.sql", _lock("a", "SHARE", 3, 900)), statements_done=1)
    assert heaviest_of((done,)) is None


def test_held_lock_has_the_size_of_its_table() -> None:
    effect = "ACCESS EXCLUSIVE on a is still held from statement 1 while this statement scans b"
    held = replace(_lock("a", "ACCESS EXCLUSIVE", 3, 900), held=True, effect=effect)
    found = heaviest_of((_planned("016_a.sql", held),))
    assert found is not None
    assert found.words == effect.replace("on a is", "on a (900 bytes, 7 rows) is")


@pytest.mark.parametrize("width", [38, 78, 100])
@pytest.mark.parametrize("fills", [True, False])
def test_band_names_target_and_server_and_fills_the_line(width: int, fills: bool) -> None:
    plan = _plan_of(_planned("016_a.sql"), protected=True)
    lines = plan_lines(plan, "", width, fills=fills)
    number = next(n for n, line in enumerate(lines) if any("local" in text for text, _ in line))
    text = "".join(part for part, _ in lines[number])
    assert "PROTECTED" in text
    assert all(style.bgcolor == DANGER.bgcolor for _, style in lines[number]) is fills
    assert (len(text) == width) is fills
    assert text.startswith("▌") is not fills
    assert "PostgreSQL 18.6" in " ".join("".join(part for part, _ in line) for line in lines[: number + 3])


def test_rows_of_several_migrations_name_those_that_will_fail() -> None:
    def check(outcome: RowOutcome) -> RowCheck:
        return RowCheck(1, 1, "not_null", "public.t", outcome, outcome.value)

    fails, passes = check(RowOutcome.WILL_FAIL), check(RowOutcome.PASSES)
    unknown = check(RowOutcome.NOT_KNOWN)
    planned = [
        _planned(f"{number:03}_x.sql", row_checks=checks)
        for number, checks in enumerate([(fails, fails), (passes,), (fails, unknown), *[(fails,)] * 5], 1)
    ]
    plan = replace(_plan(1, "verified"), migrations=tuple(planned))
    assert decisive(plan) == (
        "8 will fail in 001, 003, 004, 005, 006 and 2 more; 1 is not known in 003; 1 passes "
        "(what the migrations demand of the target's rows)"
    )


@pytest.mark.parametrize("width", [40, 80, 120])
def test_rows_that_a_migration_refuses_are_in_the_first_lines_and_below_it(width: int) -> None:
    """What fails is a warning, what is not known is not; what passes is counted."""

    def check(line: int, outcome: RowOutcome, message: str) -> RowCheck:
        return RowCheck(1, line, "not_null", "public.t", outcome, message)

    checks = (
        check(3, RowOutcome.PASSES, "passes: no rows of public.t"),
        check(4, RowOutcome.NOT_KNOWN, "not known whether rows of public.t have a NULL: timeout"),
        check(5, RowOutcome.WILL_FAIL, "will fail: 1,204 rows of public.t have b NULL, for example id 17"),
    )
    plan = replace(_plan(1, "verified"), migrations=(_planned("016_x.sql", row_checks=checks),))
    lines = plan_lines(plan, "", width)
    texts = ["".join(text for text, _ in line) for line in lines]
    assert all(len(text) <= width for text in texts)
    whole = " ".join(" ".join(texts).split())
    assert "rows 1 will fail, 1 is not known, 1 passes (what the migrations demand of" in whole
    assert whole.index(f"5 {checks[2].message}") < whole.index(f"4 {checks[1].message}"), (
        "what fails is first"
    )
    assert "passes: no rows" not in whole
    assert "the target's rows pass 1 check of this migration" in whole
    styles = {text.strip().partition(":")[0]: look for line in lines for text, look in line}
    assert styles["will fail"] is WARNING
    assert next(look for text, look in styles.items() if text.startswith("not known")) is DIM


def _decided(name: str, state: str) -> Conflict:
    return Conflict(name, state, f"{name}: a sentence that says {state} again", "a hint", can_allow=True)


@pytest.mark.parametrize("width", [40, 80, 120])
def test_decisions_have_one_heading_and_a_line_each_with_its_reason(width: int) -> None:
    allowed = (_decided("002_b.sql", "rollback_edited"), _decided("016_x.sql", "lossy"))
    plan = replace(_plan(1, "lossy"), allowed=allowed)
    reasons = {"rollback_edited": "agreed with Ann", "lossy": "the column\nis empty"}
    lines = plan_lines(plan, "", width, reason_of=lambda conflict: reasons[conflict.state])
    texts = ["".join(text for text, _ in line) for line in lines]
    assert texts.count(" allowed (recorded in the history):") == 1
    assert "a sentence" not in "\n".join(texts)
    at = texts.index(" allowed (recorded in the history):")
    found = [text.split() for text in texts[at + 1 : texts.index("", at)]]
    words = [word for line in found for word in line]
    glyph = words[0]
    assert words == [
        *(glyph, "002", "rollback", "edited", "agreed", "with", "Ann"),
        *("◕", "016", "lossy", "the", "column", "is", "empty"),
    ]
    if width >= 80:
        assert len(found) == 2


def test_decisions_about_one_number_are_told_apart_by_their_names() -> None:
    allowed = (_decided("002_a.sql", "late"), _decided("002_b.sql", "late"), _decided("003_c.sql", "late"))
    texts = _texts(replace(_plan(1, "verified"), allowed=allowed), 80)
    rows = [text.split() for text in texts if "◂" in text]
    assert rows == [["◂", "002_a.sql", "late"], ["◂", "002_b.sql", "late"], ["◂", "003", "late"]]


@pytest.mark.parametrize("width", [40, 120])
def test_connection_settings_stand_with_the_facts_if_they_say_more(width: int) -> None:
    def texts(dsn: str) -> list[str]:
        return ["".join(text for text, _ in line).strip() for line in plan_lines(_plan(1, None), dsn, width)]

    assert not [text for text in texts("user=a host=h dbname=d") if text.startswith("dsn")]
    found = texts("user=a host=h dbname=d sslmode=require")
    (place,) = (number for number, text in enumerate(found) if text.startswith("dsn"))
    assert found[place].split() == ["dsn", "sslmode=require"]
    assert found[place - 1].startswith("statements") or found[place - 1].endswith("lock_timeout")


def test_notes_and_verdicts_name_the_keys_of_the_screen_behind_the_dialog() -> None:
    note = "12 migrations have not been rehearsed, so their locks are unknown. Run: koonj rehearse"
    plan = _plan(1, "unknown")
    (migration,) = plan.migrations
    why = "you do not trust this folder yet. Check koonj.toml; then run: koonj trust"
    plan = replace(plan, notes=(note,), migrations=(replace(migration, verdict_message=why),))
    lines = plan_lines(plan, "", 120, key={"P": "F9", "u": "Ctrl+T"}.__getitem__)
    text = "\n".join("".join(text for text, _ in line) for line in lines)
    assert "koonj " not in text.replace("koonj.toml", "")
    assert "their locks are unknown. Press Esc, then F9" in text
    assert "Check koonj.toml; then press Esc, then Ctrl+T" in text
