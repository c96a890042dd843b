"""Compare two scripts statement by statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from koonj.sql.script import Script
from koonj.sql.statements import Statement
from koonj.sql.tokens import significant_texts
from koonj.sql.transactions import ScriptShape

_Key = tuple[str, ...]
"""What equal statements have in common: their tokens, and the rows of a COPY."""


@dataclass(frozen=True, slots=True)
class EditedStatement:
    """A statement that only one of two scripts has, or that both have with different texts."""

    old: str | None
    """Text in the old script; None if the statement was added."""
    new: str | None
    """Text in the new script; None if the statement was removed."""
    in_transaction: bool
    """Whether the script runs it inside a transaction."""


@dataclass(frozen=True, slots=True)
class _Entry:
    key: _Key
    text: str
    subject: tuple[str, str, str]
    """What a changed statement still has in common with the original: verb, kind and name of the object."""
    in_transaction: bool


def statement_diff(
    old: tuple[Script, ScriptShape], new: tuple[Script, ScriptShape], *, skipped: int = 0
) -> tuple[EditedStatement, ...]:
    """Return what was added or changed, in the order of the new script, then what was removed.

    A statement that only moved is no difference. Two different statements about the same object count as one
    that was changed.

    Args:
        old: the old script and its shape.
        new: the new script and its shape.
        skipped: number of characters at the start of the new script that belong to no statement.
    """
    before, after = list(_entries(*old)), list(_entries(*new, skipped))
    removed, added = _only_in_one(before, after)
    found = []
    for entry in added:
        original = next((one for one in removed if one.subject == entry.subject), None)
        if original is not None:
            removed.remove(original)
        found.append(
            EditedStatement(None if original is None else original.text, entry.text, entry.in_transaction)
        )
    found += [EditedStatement(entry.text, None, entry.in_transaction) for entry in removed]
    return tuple(found)


def _only_in_one(before: list[_Entry], after: list[_Entry]) -> tuple[list[_Entry], list[_Entry]]:
    """Return the statements that only the old script has, and those that only the new one has."""
    matcher = SequenceMatcher(None, [e.key for e in before], [e.key for e in after], autojunk=False)
    removed, added = list[_Entry](), list[_Entry]()
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            removed += before[i:j]
            added += after[k:m]
    moved = Counter(e.key for e in removed) & Counter(e.key for e in added)
    return _without(removed, moved), _without(added, moved)


def _without(entries: list[_Entry], moved: Counter[_Key]) -> list[_Entry]:
    """Return the entries without those that moved."""
    rest, left = [], moved.copy()
    for entry in entries:
        if left[entry.key] > 0:
            left[entry.key] -= 1
        else:
            rest.append(entry)
    return rest


def _entries(script: Script, shape: ScriptShape, skipped: int = 0) -> Iterator[_Entry]:
    """Yield the statements without those that open and end a transaction."""
    for step in shape.steps:
        for statement in step.statements:
            rows = b"".join(script.data(statement)).decode(errors="surrogatepass")
            tokens = [token.replace("\r\n", "\n") for token in significant_texts(statement.text)]
            while tokens and tokens[-1] == ";":
                tokens.pop()
            yield _Entry(
                (*tokens, rows.replace("\r\n", "\n")),
                _written(script, statement, skipped),
                (statement.verb, statement.kind, statement.name.lower()),
                step.in_transaction,
            )


def _written(script: Script, statement: Statement, skipped: int) -> str:
    r"""Return the statement as it is written, with the rows of a COPY and the ``\.`` after them."""
    end = statement.end if statement.copy_data is None else statement.copy_data[1]
    text = script.source.text[max(statement.start, skipped) : end].replace("\r\n", "\n").strip()
    return text if statement.copy_data is None else f"{text}\n\\."
