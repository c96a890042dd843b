"""Rules about what the running application still uses: renames, drops, TRUNCATE."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from koonj.checks.conditions import IN_USE
from koonj.checks.facts import added_column, dropped_names
from koonj.checks.file_view import Action, FileView, StatementView
from koonj.checks.model import Hit, Rule
from koonj.checks.names import last_name, schema_of
from koonj.checks.rules import offers
from koonj.checks.table_items import column_of
from koonj.sql.called_names import bare
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.tokens import Token
from koonj.sql.typed_names import as_typed, typed_name

_ALTER, _DROP = frozenset({"alter"}), frozenset({"drop"})
_ASIDE = ("drop", "trash", "deprecated", "obsolete", "unused")
"""Parts of a new name that say that nothing uses the thing any more."""
_TRASH = "trash"
_STILL_USED = "dependent_objects_still_exist"
"""The condition that PostgreSQL, and a file that asks first, raises if something still uses an object."""


def _rename(action: Action) -> tuple[Token, Token] | None:
    """Return old and new name of a RENAME [COLUMN] a TO b; None for another action."""
    match action.words:
        case ("rename", "column", _, "to", _, *_):
            return action.tokens[2], action.tokens[4]
        case ("rename", _, "to", _, *_):
            return action.tokens[1], action.tokens[3]
        case _:
            return None


def _renamed_table(one: StatementView, file: FileView) -> Iterator[Hit]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        if alter is None or action.words[:2] != ("rename", "to") or len(action.tokens) < 3:
            continue
        new = bare(action.tokens[2])
        if _makes(file.statements, alter.table) or _drops(file.statements, new) or _is_aside(new):
            continue
        yield Hit(
            f"A running application still uses the name {alter.written}, which no longer exists.",
            f"In the same transaction, create a view {alter.written} on the renamed table. Drop it when "
            "nothing uses the old name any more.",
            at=action.at,
            table=alter.table,
            pattern=offers.offer("rename_table", alter, new_name=typed_name(action.tokens[2].text)),
        )


def _renamed_column(one: StatementView, file: FileView) -> Iterator[Hit]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        names = _rename(action)
        if alter is None or names is None:
            continue
        old, new = map(bare, names)
        if _is_aside(new) or _is_bridged(file, alter.table, old, new) or _asks_first(one, file, old):
            continue
        yield Hit(
            f"A running application still uses the column {names[0].text} of {alter.written}, which no "
            "longer exists.",
            "Add the new column and keep both equal with a trigger until nothing uses the old one. Or rename "
            "the table, and create a view in its place with both names.",
            at=action.at,
            table=alter.table,
            pattern=offers.offer("rename_column", alter, column=as_typed(old), new_name=as_typed(new)),
        )


def _is_aside(name: str) -> bool:
    return any(part in name.lower() for part in _ASIDE)


def _asks_first(one: StatementView, file: FileView, column: str) -> bool:
    """Return whether a DO block before it, in the same transaction, fails if something still uses the column.

    So does the first file of a safe drop, whatever name it gives the column until then.
    """
    table = "" if one.alter is None else one.alter.table
    return any(
        before.verb == "do" and all(_has_word(before.text, word) for word in (_STILL_USED, table, column))
        for before in file.before(one)
    )


def _has_word(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None


def _is_bridged(file: FileView, table: str, old: str, new: str) -> bool:
    """Return whether the same file gives the old name to something else, or took the new one away."""
    if _makes(file.statements, table):
        return True
    for one in file.statements:
        for action in one.alter.actions if one.alter is not None and one.alter.table == table else ():
            names = _rename(action)
            if names is not None and (bare(names[1]) == old or bare(names[0]) == new):
                return True
            added = column_of(added_column(action)) if action.words[0] == "add" else None
            if added is not None and added.name in {old, new}:
                return True
    return False


def _makes(statements: Sequence[StatementView], name: str) -> bool:
    """Return whether a statement creates a table or view of this name."""
    return any(last_name(_made(one)) == name for one in statements if one.verb == "create")


def _made(one: StatementView) -> str:
    if one.made_table:
        return one.made_table
    reader = one.reader()
    reader.accept("create")
    reader.accept("or", "replace")
    reader.accept_one(("temp", "temporary"))
    reader.accept("recursive")
    return reader.name() if reader.accept("view") else ""


def _drops(statements: Sequence[StatementView], name: str) -> bool:
    return any(name in dropped_names(one) for one in statements if one.verb == "drop")


def _drop_column(one: StatementView, file: FileView) -> Iterator[Hit]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        if alter is None or action.words[0] != "drop" or action.words[1:2] == ("constraint",):
            continue
        at = 2 if action.words[1:2] == ("column",) else 1
        at += 2 if action.words[at : at + 2] == ("if", "exists") else 0
        if len(action.tokens) <= at or _adds(file, alter.table, bare(action.tokens[at])):
            continue
        if _is_aside(bare(action.tokens[at])) or bare(action.tokens[at]).endswith("_old"):
            continue  # the last step of a safe change: an earlier one has renamed it
        yield Hit(
            f"DROP COLUMN deletes the values of {action.tokens[at].text}, and an application that still "
            "reads it fails.",
            "First change the code. To be able to go back, rename the column, for example to "
            f"{bare(action.tokens[at])}_dropped, and drop it in a later migration.",
            at=action.at,
            table=alter.table,
            condition=(IN_USE, alter.table, bare(action.tokens[at])),
            pattern=offers.offer("drop_column", alter, column=typed_name(action.tokens[at].text)),
        )


def _adds(file: FileView, table: str, column: str) -> bool:
    """Return whether the file itself adds the column."""
    return any(
        (added := column_of(added_column(action))) is not None and added.name == column
        for one in file.statements
        if one.alter is not None and one.alter.table == table
        for action in one.alter.actions
        if action.words[0] == "add"
    )


def _drop_table(one: StatementView, _file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    if not reader.accept("drop", "table"):
        return
    reader.accept("if", "exists")
    while name := reader.name():
        schema = (("schema", as_typed(schema_of(name))),) if schema_of(name) else ()
        if schema_of(name) != _TRASH and not _is_aside(last_name(name)):
            yield Hit(
                f"DROP TABLE deletes all rows of {name}, and an application that still uses it fails.",
                "To be able to go back, move it to another schema first, and drop it later.",
                table=last_name(name),
                condition=(IN_USE, last_name(name)),
                pattern=PatternOffer("drop_table", (("table", as_typed(last_name(name))), *schema)),
            )
        if not reader.accept(","):
            return


def _cascade(one: StatementView, file: FileView) -> Iterator[Hit]:
    for at, word in enumerate(one.words):
        if word != "cascade" or _depth(one.words, at):
            continue
        table = "" if one.alter is None else one.alter.table
        action = _dropping(one, at)
        if action is None or (one.alter is None and set(dropped_names(one)) & file.made):
            continue
        yield Hit(
            f"{action} … CASCADE also drops what depends on it, such as views and foreign keys.",
            "Leave out CASCADE, and drop each dependent object by its name.",
            at=one.tokens[at].start,
            table=table,
        )


def _depth(words: Sequence[str], at: int) -> int:
    return words[:at].count("(") - words[:at].count(")")


def _dropping(one: StatementView, at: int) -> str | None:
    """Return what CASCADE at this word belongs to, such as ``DROP TABLE``; None if it drops nothing."""
    if one.verb == "drop":
        return " ".join(one.words[:2]).upper()
    if one.alter is not None:
        start = one.tokens[at].start
        for action in one.alter.actions:
            if action.at <= start <= action.tokens[-1].start and action.words[0] == "drop":
                return f"DROP {'CONSTRAINT' if action.words[1] == 'constraint' else 'COLUMN'}"
    return None


def _truncate(one: StatementView, _file: FileView) -> Iterator[Hit]:
    reader = one.reader()
    reader.accept("truncate")
    reader.accept("table")
    reader.accept("only")
    while name := reader.name():
        reader.accept("*")
        yield Hit(
            f"TRUNCATE deletes all rows of {name}, and blocks reads and writes of it until COMMIT.",
            "DELETE the rows in batches. If nobody needs them, say so with a comment: "
            "'-- koonj: ignore truncate: reason'.",
            table=last_name(name),
        )
        if not reader.accept(","):
            return
        reader.accept("only")


RULES = (
    Rule(
        "rename-table",
        Severity.WARNING,
        "A running application uses the old name until it is deployed again.",
        _ALTER,
        _renamed_table,
    ),
    Rule(
        "rename-column",
        Severity.WARNING,
        "A running application uses the old name until it is deployed again.",
        _ALTER,
        _renamed_column,
    ),
    Rule(
        "drop-column",
        Severity.WARNING,
        "DROP COLUMN deletes data, and running code can still use the column.",
        _ALTER,
        _drop_column,
    ),
    Rule(
        "drop-table",
        Severity.WARNING,
        "DROP TABLE deletes data, and running code can still use the table.",
        _DROP,
        _drop_table,
    ),
    Rule(
        "drop-cascade",
        Severity.WARNING,
        "CASCADE drops objects that the statement does not name.",
        frozenset({"drop", "alter"}),
        _cascade,
    ),
    Rule(
        "truncate",
        Severity.WARNING,
        "TRUNCATE deletes all rows, under a lock that blocks reads too.",
        frozenset({"truncate"}),
        _truncate,
    ),
)
