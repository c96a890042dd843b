"""Text for terminals: visible control characters, the caret, encodings, and plans."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace

from hypothesis import example, given
from hypothesis import strategies as st

from koonj.cli.failure_text import source_lines
from koonj.cli.marks import StateMarks
from koonj.cli.plan_text import plan_lines
from koonj.cli.stream import Stream
from koonj.runner.run.direction import Direction
from koonj.runner.run.planned import Plan, PlannedLock, PlannedMigration, PlannedStatement
from koonj.sql.display import cells, visible
from koonj.sql.transactions import Mode

MARKS = StateMarks(ascii_only=False)
ANY = st.text(st.characters(exclude_categories=()))


@given(ANY)
@example("\x1b]0;title\x07")
@example("\u200b\u200d\u2066")
def test_visible_leaves_no_hidden_character(text: str) -> None:
    for character in visible(text):
        category = unicodedata.category(character)
        assert category not in {"Cc", "Cs", "Zl", "Zp"}
        assert unicodedata.bidirectional(character) not in {
            "RLO",
            "LRO",
            "RLE",
            "LRE",
            "PDF",
            "RLI",
            "LRI",
            "FSI",
        }


@given(ANY)
def test_visible_is_idempotent(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_visible_keeps_printable_ascii(text: str) -> None:
    assert visible(text) == text
    assert cells(text) == len(text)


def test_visible_keeps_all_scripts() -> None:
    for text in ("कूँज", "क्‍ष", "می‌خواهم", "日本語", "עברית", "👩‍👩‍👧", "é\u0301"):
        assert visible(text) == text


def test_visible_shows_pictures_or_code_points() -> None:
    assert visible("a\x1b\t\x7f\x9b\u202e\ud800\n") == "a␛␉␡<U+009B><U+202E><U+D800>␊"
    assert visible("a\tb\n", keep="\t\n") == "a\tb\n"
    assert visible("us\u200cers") == "us<U+200C>ers"


def _caret(source: str, column: int) -> str:
    """Return the part of the source line that starts above the caret."""
    line, caret = source_lines(source, column)
    skip = cells(caret) - 1
    taken = 0
    for place, character in enumerate(line):
        if taken == skip:
            return line[place:]
        taken += cells(character)
    return ""


def test_caret_is_below_the_column() -> None:
    assert _caret("SELECT x FROM t", 8) == "x FROM t"
    assert _caret("\t\tSELECT x", 10) == "x"
    assert _caret("a\tb\tx y", 5) == "x y"
    assert _caret("SELECT '日本語', x", 15) == "x"
    assert _caret("SELECT 'e\u0301', x", 14) == "x"
    assert _caret("SELECT '\x1b\u202e', x", 14) == "x"
    assert _caret("SELECT", 7) == ""


@given(
    st.text(
        st.characters(exclude_characters="\r\n", categories=("L", "M", "N", "P", "S", "Z", "Cc", "Cf")),
        max_size=400,
    ),
    st.data(),
)
def test_source_line_is_cut_to_the_width(source: str, data: st.DataObject) -> None:
    column = data.draw(st.integers(1, len(source) + 1))
    line, caret = source_lines(source, column)
    assert cells(line) <= 104
    assert cells(caret) <= cells(line) + 1
    assert caret.strip() == "^"


def test_long_line_is_cut_around_the_column() -> None:
    source = "SELECT " + "a, " * 5000 + "x, " + "b, " * 5000
    assert _caret(source, source.index("x") + 1).startswith("x, b")


def _written(text: str, encoding: str) -> str:
    raw = io.BytesIO()
    stream = Stream(io.TextIOWrapper(raw, encoding=encoding, newline=""))
    stream.line(text)
    stream.flush()
    return raw.getvalue().decode(encoding)


def test_characters_missing_in_the_encoding_are_replaced() -> None:
    assert _written("a → b … ‘c’ ✓ \x1b", "ascii") == "a -> b ... 'c' <U+2713> <U+001B>\n"
    assert _written("café \u202e", "latin-1") == "café <U+202E>\n"
    assert _written("कूँज ✓", "utf-8") == "कूँज ✓\n"


@given(ANY, st.sampled_from(["ascii", "latin-1", "cp1252", "utf-8", "euc-jp"]))
def test_every_text_can_be_written_in_every_encoding(text: str, encoding: str) -> None:
    assert _written(text, encoding).endswith("\n")


def _plan(*locks: PlannedLock, verdict: str | None, why: str = "") -> Plan:
    statement = PlannedStatement(1, 4, "alter table documents", True, locks or None)
    migration = PlannedMigration(
        "016_x.sql",
        Direction.APPLY,
        True,
        Mode.ONE_TRANSACTION,
        "one transaction",
        (statement,),
        verdict=verdict,
        verdict_message=why,
    )
    return Plan("local", Direction.APPLY, False, "PostgreSQL 18.6", (migration,), notes=("so it is",))


def test_measured_plan_shows_locks() -> None:
    sentence = "ACCESS EXCLUSIVE on documents (12 GB, 40 M rows), rewrites it: reads and writes wait"
    lock = PlannedLock(
        "public.documents", "table", "ACCESS EXCLUSIVE", True, False, 1, 1, 3, sentence, "2 wait for one"
    )
    plan = _plan(lock, verdict="verified", why="It repeats.")
    assert list(plan_lines(plan, verbose=False, marks=MARKS)) == [
        "target local: PostgreSQL 18.6",
        "plan: apply 1 migration, 1 statement, in one transaction",
        "rehearsal: 1 verified",
        f"heaviest lock: {sentence}, in 016_x.sql",
        "apply 016_x.sql",
        "  one transaction; lock_timeout 5s",
        "  rehearsal: verified (It repeats)",
        "  1. line 4: alter table documents",
        f"     {sentence}",
        "       2 wait for one",
        "Locks were measured in the rehearsal. Sizes and row counts are estimates from the target's statistics.",
        "note: so it is",
    ]


def test_plan_shows_not_rehearsed_only_when_measured() -> None:
    bare = list(plan_lines(_plan(verdict=None), verbose=False, marks=MARKS))
    looked = list(plan_lines(_plan(verdict="unknown"), verbose=False, marks=MARKS))
    said = ["rehearsal: not rehearsed yet: 016", "locks unknown until rehearsed"]
    advice = "To measure them, run: koonj rehearse 016"
    assert [line for line in looked if line not in bare] == [*said, advice]
    why = list(plan_lines(_plan(verdict="unknown", why="No server."), verbose=False, marks=MARKS))
    assert [line for line in why if line not in bare] == [*said, "  rehearsal: unknown (No server)"], (
        "to rehearse it again changes nothing"
    )


def test_plan_of_several_migrations_has_one_table() -> None:
    lock = PlannedLock("public.d", "table", "SHARE", False, False, 2048, 1, 2, "SHARE on d (2 kB): waits")
    one = _plan(lock, verdict="verified").migrations[0]
    other = replace(one, name="017_long_name.sql", verdict="unknown", statements=())
    plan = replace(_plan(verdict=None), migrations=(one, other))
    lines = list(plan_lines(plan, verbose=False, marks=StateMarks(ascii_only=True)))
    assert lines[1] == "plan: apply 2 migrations, 1 statement, each in one transaction"
    start = lines.index("") + 1
    assert lines[start : lines.index("", start)] == [
        "  #    migration  runs             rehearsal      locks      on  size",
        "  016  x          one transaction  verified       ##- SHARE  d   2 kB",
        "  017  long_name  one transaction  not rehearsed",
    ]
    assert "To measure them, run: koonj rehearse 017" in lines
