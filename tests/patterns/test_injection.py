"""Test that no value of a field changes the statements of a pattern.

A value is refused, or it stays in its place.
"""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from koonj.migrations.migration import Migration
from koonj.patterns.pattern import FieldErrors, FieldKind, load, render
from koonj.sql.lexer import split
from koonj.sql.tokens import Token, TokenKind, significant

PATTERNS = {pattern.key: pattern for pattern in load()[0]}

SHARP = [
    *(
        "'",
        '"',
        "$$",
        "$check$",
        "$keys$",
        "$empty$",
        "$",
        "--",
        "/*",
        "*/",
        ";",
        "\\",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        ":",
    ),
    *(
        "{{table}}",
        "{{#x}}",
        "\n",
        "\r",
        "\u2028",
        "\x00",
        "\ud800",
        "-- Rollback:",
        "Rollback: none: x",
        "BEGIN",
        "COMMIT",
    ),
    *(
        "BEGIN ATOMIC",
        "END",
        "E'",
        "U&'",
        'U&"',
        "a",
        "B",
        "ж",
        "1",
        " ",
        "NOT NULL",
        "::text",
        "DROP TABLE t",
        "\\gexec",
    ),
    *(
        "x'",
        "koonj: retries 9",
        "COPY t FROM stdin",
        "%",
        "%I",
        "no",
        "yes",
        "\ufeff",
        "\u00a0",
        "+goose Up",
        "\\;",
    ),
]
ANYTHING = st.one_of(
    st.lists(st.sampled_from(SHARP), min_size=1, max_size=6).map("".join),
    st.lists(st.sampled_from(SHARP), min_size=1, max_size=6).map(" ".join),
    st.text(min_size=1, max_size=12),
)
PLAIN = {
    FieldKind.TYPE: "int",
    FieldKind.EXPRESSION: "0",
    FieldKind.QUALIFIED_NAME: "x",
    FieldKind.KEYS: "x",
    FieldKind.TEXT: "x",
}


@st.composite
def filled(draw: Any) -> tuple[str, dict[str, str]]:
    """Return a pattern and its values, some of them harmless."""
    pattern = PATTERNS[draw(st.sampled_from(sorted(PATTERNS)))]
    values = {}
    for field in pattern.fields:
        if field.kind is FieldKind.CHOICE:
            values[field.name] = draw(st.sampled_from(field.choices))
        else:
            values[field.name] = draw(st.one_of(st.just(PLAIN.get(field.kind, "x")), ANYTHING, ANYTHING))
    return pattern.key, values


def harmless(key: str, values: dict[str, str]) -> dict[str, str]:
    """Return harmless values with the same choices and the same empty fields."""
    plain = {}
    for field in PATTERNS[key].fields:
        value = values[field.name].strip()
        plain[field.name] = (
            value if field.kind is FieldKind.CHOICE or not value else PLAIN.get(field.kind, "x")
        )
        if not value and "{{" in field.default:
            plain[field.name] = "x"
        if field.kind is FieldKind.QUALIFIED_NAME and _has_schema(value):
            plain[field.name] = "x.x"
    return plain


def _has_schema(typed: str) -> bool:
    outside = "".join(typed.split('"')[::2])
    return "." in outside


def sent(text: str) -> list[str]:
    """Return the statements of both scripts."""
    migration = Migration.from_recorded("001_x.sql", text)
    scripts = [
        script for script in (migration.sections.body, migration.sections.rollback) if script is not None
    ]
    return [statement for script in scripts for statement in split(script.source.text)]


def skeleton(sql: str, words: set[str]) -> list[str]:
    """Return the pattern's own words and marks outside parentheses, also inside DO."""
    depth, found = 0, []
    for token in significant(sql):
        mark = token.text if token.kind is TokenKind.PUNCTUATION else ""
        depth -= mark == ")"
        if depth == 0 and (mark in {"(", ")", ",", ";"} or token.text.upper() in words):
            found.append(token.text.upper())
        if depth == 0 and _is_dollar_quoted(token):
            tag = token.text[: token.text.index("$", 1) + 1]
            found += [tag, *skeleton(_inside(token), words), tag]
        depth += mark == "("
    return found


def _is_dollar_quoted(token: Token) -> bool:
    return token.kind is TokenKind.STRING and token.text.startswith("$")


def _inside(token: Token) -> str:
    size = token.text.index("$", 1) + 1
    return token.text[size:-size]


def words_of(sql: str) -> set[str]:
    inner = {w for t in significant(sql) if _is_dollar_quoted(t) for w in words_of(_inside(t))}
    return inner | {t.text.upper() for t in significant(sql) if t.kind is TokenKind.WORD} - {"X", "INT"}


def own_parentheses(key: str) -> tuple[str, ...]:
    """Return what koonj puts around an expression that is not simple."""
    with_expression = any(field.kind is FieldKind.EXPRESSION for field in PATTERNS[key].fields)
    return ("(", ")") if with_expression else ()


@settings(max_examples=150)
@given(filled())
@example(("drop_table", {"table": "a$check$b", "schema": "a", "trash": "b"}))
@example(("drop_table", {"table": "a'b", "schema": "'", "trash": "$empty$"}))
@example(("add_column", {"table": "t", "column": "c", "type": "int", "default": "0 -- ", "not_null": "yes"}))
def test_values_do_not_change_the_statements(given_values: tuple[str, dict[str, str]]) -> None:
    key, values = given_values
    try:
        drafts = render(PATTERNS[key], values)
    except FieldErrors:
        return
    names = {value.strip().upper() for value in values.values()}
    expected = render(PATTERNS[key], harmless(key, values))
    assert len(drafts) == len(expected)
    for draft, other in zip(drafts, expected, strict=True):
        assert not Migration.from_recorded("001_x.sql", draft.text).problems
        for ours, theirs in zip(sent(draft.text), sent(other.text), strict=True):
            words = words_of(theirs) - names  # a table can have the name add
            found, wanted = (
                [token for token in skeleton(each, words) if token not in own_parentheses(key)]
                for each in (ours, theirs)
            )
            assert found == wanted
        assert draft.text.count("\n") == other.text.count("\n")
        draft.text.encode()
