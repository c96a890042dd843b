"""Conditions that are true where a value cannot become one of another type."""

from __future__ import annotations

import re

from koonj.sql.tokens import TokenKind, significant

RANGES = {
    "smallint": (-32768, 32767),
    "integer": (-2147483648, 2147483647),
    "bigint": (-9223372036854775808, 9223372036854775807),
}


def bare(kind: str) -> str:
    """Return a type without its length or precision."""
    return re.sub(r"\(.*?\)", "", kind)


def length(kind: str) -> int:
    """Return the length of a type that has one, whose explicit casts cut; 0 if it has none."""
    found = re.fullmatch(r"(?:character varying|character|bit varying|bit)\((\d+)\)", kind)
    return int(found[1]) if found else 0


def too_long(expression: str, kind: str, limit: int) -> str:
    """Return a condition for values that are too long for a type; blanks at the end do not count."""
    if kind.startswith("bit varying"):
        return f"pg_catalog.bit_length({expression}) > {limit}"
    if kind.startswith("bit"):
        return f"pg_catalog.bit_length({expression}) <> {limit}"
    text = f"({expression})::text"
    return (
        f"pg_catalog.octet_length({text}) > {limit} "
        f"AND pg_catalog.char_length(pg_catalog.rtrim({text}, ' ')) > {limit}"
    )


def longer_elements(name: str, kind: str) -> str:
    """Return a condition for arrays with an element that is too long; empty if `kind` has no length."""
    element = kind.removesuffix("[]")
    limit = length(element)
    if not limit or element == kind:
        return ""
    some = too_long("koonj_element", element, limit)
    return f"EXISTS (SELECT FROM pg_catalog.unnest({name}) AS koonj_elements (koonj_element) WHERE {some})"


def outside(name: str, source: str, kind: str) -> str:
    """Return a condition for numbers that an integer type does not have, after rounding."""
    low, high = RANGES[kind]
    if source in RANGES:
        return f"{name} NOT BETWEEN {low} AND {high}"
    return (
        f"CASE WHEN ({name})::text IN ('NaN', 'Infinity', '-Infinity') THEN true "
        f"ELSE pg_catalog.round(({name})::numeric) NOT BETWEEN {low} AND {high} END"
    )


def too_large(name: str, precision: int, scale: int) -> str:
    """Return a condition for numbers that numeric(precision, scale) does not have, after rounding."""
    return (
        f"CASE ({name})::text WHEN 'NaN' THEN false WHEN 'Infinity' THEN true WHEN '-Infinity' THEN true "
        f"ELSE pg_catalog.abs(pg_catalog.round(({name})::numeric, {scale})) "
        f">= 1e{precision - scale}::numeric END"
    )


def not_valid(expression: str, kind: str) -> str:
    """Return a condition for texts that are no values of a type of pg_catalog; for 16 and later."""
    literal = kind.replace("'", "''")
    return f"NOT pg_catalog.pg_input_is_valid(({expression})::text, '{literal}')"


def not_a_label(expression: str, labels: tuple[str, ...]) -> str:
    """Return a condition for texts that are no labels of an enum, which the target need not have."""
    values = ", ".join(_literal(label) for label in labels)
    return f"({expression})::text <> ALL (ARRAY[{values}]::text[])"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def without_last_cast(expression: str, kind: str) -> str:
    """Return the operand of the cast at the end of an expression; empty if there is none.

    ``(x)::mood`` is a cast as a whole only if its parentheses are one pair.
    """
    ending = f"::{kind}"
    if not expression.endswith(ending):
        return ""
    operand = expression.removesuffix(ending)
    depth = 0
    for token in significant(operand):
        depth += (token.text == "(") - (token.text == ")")
        if depth == 0 and token.end < len(operand):
            return ""
        if token.kind is TokenKind.OPERATOR and depth == 0:
            return ""
    return operand
