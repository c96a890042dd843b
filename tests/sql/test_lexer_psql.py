"""Compare koonj's split of random corner cases with that of a real psql.

More examples: ``pytest tests/sql/test_lexer_psql.py --hypothesis-profile=more``.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from koonj.postgres.embedded.binaries import discover
from koonj.sql.lexer import ItemKind, scan, split
from support.recording_server import RecordingServer

# Pieces of SQL, which the test joins at random.

QUOTES = [
    "'", "''", "'a'", "'it''s'", "'\\'", "'--'", "'a;b'", "'a\nb'", "'a\n\n;b'", "'a\r'", "'\\';'",
    "E'", "E'a\\'b'", "e'\\\\'", "E'\\", "E'x''y'", "E'a''b", "E'a'\n'b\\'c'", "E'a'\r'b\\'c'", "E'a' -- c\r 'b\\'c'",
    "u&'a''b'", "U&'\\0041'", 'U&"a""b"', "u&", "U&E'\\''", "B'01'", "x'1F'", "b'a''b\\'", "B'a'\r'b\\'", "n'q'", "N'a''b'",
    '"', '"a"', '"a"";"', '"b;"', '"E\'"',
    "$$", "$$a;b$$", "$$'$$", "$a$", "$b$", "$a$ x; $b$ ' $a$", "$é$;$é$", "$A$;$a$;$A$", "$a$$a$",
]  # fmt: skip
WORDS = [
    "select", " select 1", "values (1)", "x", "é", "日本", "😀", "\u00a0", "\u2003", "e", "E", "u", "_", "a$b", "a$$", "é$x$",
    "_$a$", "insert into t values ('a', E'b\\n', $$c$$);", "comment on table t is 'x;';", "\v", "\f", "\t", " ", "\ufeff",
]  # fmt: skip
NUMBERS = [
    "$1", "$1$a$", "$1a$b$", "$1e'\\'", "$", "$ ", "1", "1$a$", "1a$a$", "1_0", "1_$a$", "1.5", "1.e'\\'", "1.5.e'\\''", ".5e'",
    "1e-5", "1e+", "1e-", "1.e-e'\\''", "1_0e+1_0$a$", "0x1F", "0x$a$", "0b'1'", "1..10", "1..e'\\''", "t.e'\\''", "1__e'\\'",
]  # fmt: skip
COMMENTS = [
    "/*", "*/", "/* c */", "/* a /* b */ c */", "/**/", "/*/", "/* ' */", "/*\n;\n*/", "--", "-- c ' \" ; $$", "--;",
    "-- c\r", "--\n", "\n-- c\n", "-", "- -", "->>", "#-", "@-", "*/*", "+--", "+/*x*/", "//*", "%%", "*", "/", "?-",
]  # fmt: skip
BRACKETS = ["(", ")", "((", "))", "(;)", "( ; )", "(';')", "[", "]", "[1:2]", "{", "}"]
BLOCKS = [
    " begin ", " BEGIN ", " end ", " End ", " case ", "CASE ", " begin atomic ", " end;", " case when x then y end ",
    "create function f() ", "create or replace function f() ", "create procedure p() ", "create or replace procedure p ",
    "CREATE /*x*/ OR -- y\n REPLACE FUNCTION f() ", "create or ", "create ", " function ", " or ", " replace ", " procedure ",
    "create function f() begin atomic select 1; select case when a then b end; end;\n",
    "create procedure p() begin atomic select (case a when b then c end); end;\n",
    "create function f() begin atomic select 1\\; select 2; end;\n", "create (or) replace function f() begin ",
    "create function begin() returns int return 1;\n", "create function f() language sql as $$ begin; end $$;\n",
    "create view v as select case when a then b end;\n", "create table t (a int, ", "begin; end;\n",
    "create schema s create function f() begin atomic select 1; end;\n", " begin$ ", " $begin ", " 1begin ", " end_x ",
]  # fmt: skip
COLONS = [
    ":a", ":'a'", ':"a"', ":'", ':"', "::", "::text", ":=", ":", ":1", ":é", ":a$b", ":a$$", ":e'\\'", ":::e'\\'",
    "::e'\\''", ":begin ", ":'a''b'",
]  # fmt: skip
ENDS = [
    "\\;",
    "\\:",
    "\\;\\;",
    "; ",
    ";",
    "\n",
    "\r",
    "\r\n",
    "\n\n",
    "\n;\n",
    *[";\n"] * 12,
    ";\r\n",
    ";\r",
    ";\n\n",
]
META = [
    "\\echo hi\n", "\\echo 'a ; b' \"c ' d\" x\n", "\\set ON_ERROR_STOP 0\n", "\\echo a \\\\", "\\echo a \\echo b\n",
    "\\echo 'x\n", '\\echo "x\n', "\\echo\n", "\\echo a'b'c\n", "\\restrict k\n\\unrestrict k\n", "\\r\n", "\\p\n", "\\g\n",
    "\\echo 'a\\'b' \\\\ ", "\\echo\tx\r\n", "\\echo 'a''b' \\\\", "\\echo :a;b \\\\ ;", "\\echo a\\;\n", "\\echo -- x \\\\",
]  # fmt: skip
# If a statement without any word follows COPY … FROM STDIN, psql 18.6 treats it as another COPY and discards the
# following text as its rows. So each of these pieces ends with a word.
COPIES = [
    "copy t from stdin;\n1\t;\n2\t'\n\\.\nselect;\n", "COPY t FROM stdin ; -- c\nx\n\\.\r\nselect;\n",
    "copy t from stdin;\n\\.\nselect;\n", "copy s.t from stdin with (format csv);\r\n\"\n\\.\nselect;\n",
    "copy t (a, b) from '/x';\n", "copy t to stdout;\n", "\ncopy /* from stdin */ t from program 'stdin';\n",
    "\ncopy (select 1 from stdin) to stdout;\n", '\ncopy "stdin" from \'/x\';\n',
]  # fmt: skip
SETTINGS = [
    "set standard_conforming_strings = off;\n", "set standard_conforming_strings to on;\n", "set a = 'off';\n",
    "set standard_conforming_strings=off; select 'a\\';'\n;", "SET LOCAL standard_conforming_strings TO 'off';\n",
]  # fmt: skip

# psql before 18 (or before its minor releases of that time) differs from 18: a number with letters after it is two
# tokens, words in parentheses count, \v is not a blank, and the rows of a COPY that fails are read as SQL.
_NEWER = {*NUMBERS, *COPIES, *BRACKETS, "\v"} | {
    block for block in BLOCKS if "(or)" in block or "\\;" in block
}
FRAGMENTS = [*QUOTES, *WORDS, *NUMBERS, *COMMENTS, *BRACKETS, *BLOCKS, *COLONS, *ENDS, *META, *COPIES]
OLDER_FRAGMENTS = [fragment for fragment in FRAGMENTS if fragment not in _NEWER]

KNOWN_COMMANDS = {"echo", "set", "restrict", "unrestrict", "r", "p", "g"}


def files(fragments: Sequence[str]) -> st.SearchStrategy[str]:
    """Return a strategy for files: up to two settings, then up to forty fragments."""
    settings_first = st.lists(st.sampled_from(SETTINGS), max_size=2)
    rest = st.lists(st.sampled_from(fragments), min_size=1, max_size=40)
    return st.tuples(settings_first, rest).map(lambda parts: "".join([*parts[0], *parts[1]]))


def find_psqls() -> dict[int, Path]:
    """Return the psql of each major version on this machine.

    The wrapper that Debian has on PATH takes 100 ms per start.
    """
    found = {}
    for binaries in discover(os.environ):
        if program := binaries.program("psql"):
            found[binaries.major] = program
    return found


PSQLS = find_psqls()
NEW = max(PSQLS, default=0)


@pytest.fixture(scope="module")
def server() -> Iterator[RecordingServer]:
    with RecordingServer() as running:
        yield running


def sent(statements: Sequence[str]) -> list[str]:
    """Return the statements without empty lines, as psql sends them.

    Empty statements are omitted.
    """
    return [form for text in statements if (form := re.sub(r"\n{2,}", "\n", text).strip(" \t\r\n\f\v"))]


def check(server: RecordingServer, psql: Path, text: str) -> None:
    # After an unknown command psql discards the line; koonj refuses the file.
    commands = {item.name for item in scan(text) if item.kind is ItemKind.META}
    assume(commands <= KNOWN_COMMANDS)
    assert sent(split(text)) == sent(server.statements(psql, text))


@pytest.mark.slow
@pytest.mark.skipif(NEW < 18, reason="no psql 18 on this machine")
@settings(max_examples=5 * settings().max_examples)
@given(text=files(FRAGMENTS))
@example(text="set standard_conforming_strings = off;\nB'a'\r'b\\'\\:;")
@example(text="create (or) replace function f() begin ;\nselect 1")
@example(text="N'a'create function f() begin atomic select 1; end; select 2;")
@example(text="1_0$a$;$a$;1..101.e'\\';1e+1.e'\\';';'")
@example(text="1e--;'")
@example(text="1e-e'\\';';'")
@example(text="select 1 -- a\n\n\\echo b \\\\ c\n;")
def test_split_equals_psql_18(server: RecordingServer, text: str) -> None:
    check(server, PSQLS[NEW], text)


@pytest.mark.slow
@pytest.mark.skipif(not PSQLS.keys() - {NEW}, reason="no older psql on this machine")
@settings(max_examples=2 * settings().max_examples)
@given(text=files(OLDER_FRAGMENTS))
def test_split_equals_an_older_psql(server: RecordingServer, text: str) -> None:
    check(server, PSQLS[min(PSQLS)], text)
