"""The text of a first migration that makes the schema of an existing database, from the output of pg_dump."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from koonj.sql.script import Script
from koonj.sql.statements import Statement

_KEPT = frozenset({"check_function_bodies", "xmloption", "default_tablespace", "default_table_access_method"})
"""Settings of pg_dump that its statements need. koonj sets the others itself, or they have no effect here."""
_SET = re.compile(r"SET (\w+) = [^;]+;")
_SEARCH_PATH = "SELECT pg_catalog.set_config('search_path', '', false);"
_NAME = r'(?:"(?:[^"]|"")+"|\w+)'
_ROLE = re.compile(rf"\b(?:OWNER TO|TO|FROM|FOR ROLE|GRANTED BY) ({_NAME})")


def baseline_text(statements: Iterable[Statement], about: str) -> str:
    """Return the file. `about`: its first comment line.

    The settings of pg_dump hold for its transaction only.
    """
    parts = (_in_transaction(statement.text) for statement in statements)
    body = "\n\n".join(part for part in parts if part)
    rollback = "none: it has the whole schema that the database had before koonj"
    return f"-- {about}\n\nBEGIN;\n\n{body}\n\nCOMMIT;\n\n-- Rollback: {rollback}\n"


def statements_of(dump: str) -> tuple[Statement, ...]:
    """Return the statements of a dump without commands of psql. Its comments are not part of them."""
    return Script.of_body(dump).statements


def makes_objects(statements: Iterable[Statement]) -> bool:
    """Return whether the dump has more than settings."""
    return any(statement.verb not in {"set", "select"} for statement in statements)


def _in_transaction(text: str) -> str:
    if text == _SEARCH_PATH:
        return text.replace("false", "true")
    setting = _SET.fullmatch(text)
    if setting is None:
        return text
    return f"SET LOCAL {text.removeprefix('SET ')}" if setting[1] in _KEPT else ""


def roles_in(statements: Iterable[Statement], known: Iterable[str]) -> Iterator[str]:
    """Yield the roles of `known` that own something or have rights, in their order.

    The file creates no role.
    """
    named = {_bare(found) for statement in statements for found in _ROLE.findall(statement.text[-_END:])}
    yield from (role for role in known if role in named)


_END = 400
"""Characters at the end of a statement in which a role is looked for: owners and grants are short."""


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
