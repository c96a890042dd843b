"""Tests for the lexer's items.

test_lexer_truth and test_lexer_psql test what psql sends for a file.
"""

import itertools
from collections.abc import Iterator

import pytest

from koonj.sql.lexer import Item, ItemKind, scan, split


def items(text: str) -> list[tuple[ItemKind, str]]:
    return [(item.kind, item.text) for item in scan(text)]


def only(text: str) -> Item:
    (item,) = scan(text)
    return item


def test_offsets_refer_to_the_whole_text() -> None:
    text = "\ufeff-- é\n  select 1 ; /* b */\nselect '😀';\n"
    spans = [(item.start, item.end, item.ended_by) for item in scan(text)]
    assert spans == [(8, 18, ";"), (19, 38, ";")]
    assert [text[start:end] for start, end, _ in spans] == ["select 1 ;", "/* b */\nselect '😀';"]


def test_the_last_statement_needs_no_semicolon() -> None:
    item = only("select 1\n-- the end\n")
    assert (item.text, item.ended_by, item.unterminated) == ("select 1\n-- the end\n", "eof", None)


@pytest.mark.parametrize("text", ["", "\ufeff", " \n\t\r\n", "-- only\n--", "\v\f"])
def test_blanks_and_line_comments_give_no_items(text: str) -> None:
    assert list(scan(text)) == []


@pytest.mark.parametrize(
    ("text", "unterminated", "opened_at"),
    [
        ("select 1; select 'a;", "'", 17),
        ("select 'it''s; ", "'", 7),
        ("select E'a\\'; ", "'", 8),
        ("select E'a''b\\'; select x", "'", 8),
        ("select U&'a''b", "'", 9),
        ('select "a""b; ', '"', 7),
        ('select U&"a', '"', 9),
        ("do $body$ x $$ ; $bodies$", "$body$", 3),
        ("do $$ x;", "$$", 3),
        ("/* a /* b */ select 1;", "/*", 0),
        ("select 1 + /* ", "/*", 11),
        ("select (1, (2);\nselect 2;", "(", 7),
        ("select ((1;", "(", 8),
        ("create function f() begin atomic select 1;", "begin atomic", 20),
        ("create function f() begin atomic select case 1;", "case", 40),
        ("create function f() begin atomic select (1;", "(", 40),
        ("select (1) 'a' \"b\" $$c$$ /* d */", None, None),
    ],
)
def test_unterminated_names_the_open_element(
    text: str, unterminated: str | None, opened_at: int | None
) -> None:
    *_, last = scan(text)
    assert (last.unterminated, last.opened_at, last.ended_by, last.end) == (
        unterminated,
        opened_at,
        "eof",
        len(text),
    )


def test_backslash_escapes_a_quote_without_standard_conforming_strings() -> None:
    assert [item.text for item in scan("select 'a\\';'; select 1;", standard_conforming_strings=False)] == [
        "select 'a\\';';",
        "select 1;",
    ]
    *_, last = scan("select 'a\\'", standard_conforming_strings=False)
    assert (last.unterminated, last.opened_at) == ("'", 7)


def test_setting_takes_effect_on_the_next_line() -> None:
    text = (
        "set standard_conforming_strings = off; select 'a\\';\nselect 'b\\';';\nreset all;\nselect 'c\\';\n"
    )
    assert split(text) == [
        "set standard_conforming_strings = off;",
        "select 'a\\';",
        "select 'b\\';';",
        "reset all;",
        "select 'c\\';",
    ]


@pytest.mark.parametrize(
    ("setting", "off"),
    [
        ("SET standard_conforming_strings TO 'off';", True),
        ("set session standard_conforming_strings = /* old */ false;", True),
        ("set standard_conforming_strings = -- old\n /* a /* b */ */ 'no';", True),
        ("Set Local Standard_Conforming_Strings = 0;", True),
        ("set standard_conforming_strings = on;", False),
        ("set standard_conforming_strings = 1;", False),
        ("set standard_conforming_strings to default;", False),
        ("set search_path = 'off';", False),
        ("select 'set standard_conforming_strings = off';", False),
        ('set "standard_conforming_strings" = on; -- off', False),
    ],
)
def test_only_standard_conforming_strings_changes_the_rules(setting: str, *, off: bool) -> None:
    assert len(split(f"{setting}\nselect 'a\\'; select 1; -- '")) == (2 if off else 3)


def test_joined_statements_are_sent_as_one() -> None:
    item = only("select 1\\; select 2;")
    assert item.text == "select 1; select 2;"
    assert item.pieces == ((0, 8), (9, 20))
    assert [item.offset_of(index) for index in (0, 7, 8, 18, 19, 100)] == [0, 7, 9, 19, 20, 20]


def test_meta_command_has_a_name() -> None:
    assert [(item.kind, item.name, item.text) for item in scan("\\set ON_ERROR_STOP on\n\\i x.sql \\q")] == [
        (ItemKind.META, "set", "\\set ON_ERROR_STOP on"),
        (ItemKind.META, "i", "\\i x.sql "),
        (ItemKind.META, "q", "\\q"),
    ]


def test_a_meta_command_inside_a_statement_comes_before_it() -> None:
    text = "select 1\n\\echo 'a ; b' \\\\ , 2\n\\echo c\n;"
    assert items(text) == [
        (ItemKind.META, "\\echo 'a ; b' \\\\"),
        (ItemKind.META, "\\echo c"),
        (ItemKind.STATEMENT, "select 1 , 2\n;"),
    ]


@pytest.mark.parametrize(
    "command", ["\\! rm 'x", "\\copy t from 'x' \\; y", "\\COPY t to 'x\"", "\\h select \\ 'x"]
)
def test_some_meta_commands_read_the_whole_line(command: str) -> None:
    assert items(f"{command}\nselect 1;") == [(ItemKind.META, command), (ItemKind.STATEMENT, "select 1;")]


def test_a_quote_in_a_meta_command_ends_with_its_line() -> None:
    assert items("\\echo 'a \" `\nselect 1;") == [
        (ItemKind.META, "\\echo 'a \" `"),
        (ItemKind.STATEMENT, "select 1;"),
    ]


def test_meta_commands_send_reset_and_quit() -> None:
    sent = [
        (item.text, item.ended_by) for item in scan("select 1 \\g\n\\gx\nselect 2 \\r\nselect 3 \\q\n;lost;")
    ]
    assert sent == [
        ("select 1 ", "\\g"),
        ("\\g", ""),
        ("select 1 ", "\\gx"),
        ("\\gx", ""),
        ("\\r", ""),
        ("select 3 ", "\\q"),
        ("\\q", ""),
    ]


COPIED = "1\tit's;\n\\N\t$$\n\n"


@pytest.mark.parametrize(
    "copy",
    [
        "copy t from stdin;",
        "COPY a.b.t (x, y) FROM STDIN WITH (FORMAT csv, DELIMITER ';');",
        'copy "from" from stdin;',
        "copy binary t from stdin;",
        "copy t from stdout;",
        "/* a */ copy -- b\n t /* c */ from stdin ; -- d",
        "copy t from stdin \\g",
        "\\copy t from stdin",
    ],
)
@pytest.mark.parametrize("end", ["\\.\n", "\\.\r\n"])
def test_copy_rows_are_an_item(copy: str, end: str) -> None:
    text = f"{copy}\n{COPIED}{end}select 1;"
    *_, rows, after = scan(text)
    assert (rows.kind, rows.text) == (ItemKind.COPY_DATA, COPIED)
    assert after.text == "select 1;"


@pytest.mark.parametrize(
    "text",
    [
        "copy t from '/stdin';\nselect 1;",
        "copy t to stdin;\nselect 1;",
        "copy (select a from stdin) to stdout;\nselect 1;",
        "select 'copy t from stdin';\nselect 1;",
        'copy "t from stdin" to stdout;\nselect 1;',
        "\\copy t from 'stdin'\nselect 1;\nselect 2;",
    ],
)
def test_copy_without_stdin_has_no_rows(text: str) -> None:
    assert len(split(text)) == 2
    assert all(item.kind is not ItemKind.COPY_DATA for item in scan(text))


def test_rows_end_with_the_file() -> None:
    assert items("copy t from stdin;\n1\n2") == [
        (ItemKind.STATEMENT, "copy t from stdin;"),
        (ItemKind.COPY_DATA, "1\n2"),
    ]


def test_copies_on_one_line_have_consecutive_rows() -> None:
    assert items("copy t from stdin\\; copy u from stdin; select 1;\n1\n\\.\n2\n\\.\nselect 2;") == [
        (ItemKind.STATEMENT, "copy t from stdin; copy u from stdin;"),
        (ItemKind.STATEMENT, "select 1;"),
        (ItemKind.COPY_DATA, "1\n"),
        (ItemKind.COPY_DATA, "2\n"),
        (ItemKind.STATEMENT, "select 2;"),
    ]


def test_items_are_read_on_demand() -> None:
    """Check that the first of many statements is read without the others."""
    text = "select 1;\n" * 200_000
    first = next(scan(text))
    assert (first.text, first.source is text) == ("select 1;", True)


def test_many_statements_are_split() -> None:
    found: Iterator[Item] = scan("insert into t values (1, 'a;b');\n" * 20_000)
    assert sum(1 for _ in itertools.takewhile(lambda item: item.ended_by == ";", found)) == 20_000


def test_one_long_statement_is_whole() -> None:
    text = "insert into t values " + ", ".join(["(1, 'it''s', E'\\'', now())"] * 50_000) + ";"
    assert split(text) == [text]
