"""Rules about constraints whose check of the existing rows blocks others."""

from __future__ import annotations

from collections.abc import Iterator

from koonj.checks.conditions import NO_CHECK
from koonj.checks.facts import added_column
from koonj.checks.file_view import Action, AlterTable, FileView, StatementView
from koonj.checks.model import Claim, Hit, Rule
from koonj.checks.rules import offers
from koonj.checks.table_items import ConstraintText, column_of, constraint_of
from koonj.sql.called_names import bare
from koonj.sql.problem import PatternOffer, Severity
from koonj.sql.typed_names import as_typed, typed_name

_ALTER = frozenset({"alter"})
_TWO_STEPS = (
    "Add it NOT VALID, and VALIDATE it in a separate transaction, which blocks neither reads nor writes."
)


def _added(one: StatementView) -> Iterator[tuple[AlterTable, Action, ConstraintText]]:
    """Yield the table constraints that an ALTER TABLE adds."""
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        found = constraint_of(action.tokens[1:]) if action.words[0] == "add" else None
        if alter is not None and found is not None:
            yield alter, action, found


def _inline(one: StatementView) -> Iterator[tuple[AlterTable, Action, ConstraintText, bool]]:
    """Yield the constraints of columns that an ALTER TABLE adds, and whether the column has a default."""
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        if alter is None or action.words[0] != "add" or constraint_of(action.tokens[1:]) is not None:
            continue
        column = column_of(added_column(action))
        for found in column.constraints if column is not None else ():
            fills = column is not None and column.default is not None and column.default != ("null",)
            yield alter, action, found, fills


def _foreign_key(one: StatementView, _file: FileView) -> Iterator[Hit]:
    for alter, action, found in _added(one):
        if found.kind == "foreign" and not found.not_valid:
            yield Hit(
                f"ADD FOREIGN KEY reads every row while writes to {alter.written} and "
                f"{found.references} wait.",
                _TWO_STEPS,
                at=action.at,
                table=alter.table,
                claim=Claim.SCAN,
                pattern=_key_offer(alter, action, found),
            )
    for alter, _action, found, fills in _inline(one):
        if found.kind == "foreign" and fills:
            yield Hit(
                f"ADD COLUMN with REFERENCES and a default reads every row while {alter.written}, and writes "
                f"to {found.references}, wait.",
                f"Add the column without REFERENCES. {_TWO_STEPS}",
                at=found.at,
                table=alter.table,
                claim=Claim.SCAN,
            )


def _key_offer(alter: AlterTable, action: Action, found: ConstraintText) -> PatternOffer | None:
    """Return the pattern with the values of the key; None if it has no field for one of them."""
    tail = action.words[action.words.index("references") + 1 :]
    while tail and tail[0] not in _AFTER_KEY:
        tail = tail[1:]
    on_delete = " ".join(tail[2:]).upper() if tail[:2] == ("on", "delete") else ""
    if tail and on_delete not in _ON_DELETE:
        return None
    return offers.offer(
        "add_foreign_key",
        alter,
        columns=", ".join(map(as_typed, found.columns)),
        references=typed_name(found.references),
        referenced=", ".join(map(as_typed, found.referenced)),
        on_delete=on_delete,
        constraint=as_typed(found.name),
    )


_AFTER_KEY = frozenset({"on", "match", "deferrable", "not", "initially", "enforced"})
_ON_DELETE = frozenset({"NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"})


def _check(one: StatementView, _file: FileView) -> Iterator[Hit]:
    for alter, action, found in _added(one):
        if found.kind in {"check", "not null"} and not found.not_valid:
            yield Hit(
                f"ADD {found.kind.upper()} reads every row while reads and writes of {alter.written} wait.",
                _TWO_STEPS,
                at=action.at,
                table=alter.table,
                claim=Claim.SCAN,
                pattern=offers.check(one, alter, action),
            )
    for alter, _action, found, _fills in _inline(one):
        if found.kind == "check":
            yield Hit(
                f"ADD COLUMN with CHECK reads every row while reads and writes of {alter.written} wait.",
                f"Add the column without CHECK. {_TWO_STEPS}",
                at=found.at,
                table=alter.table,
                claim=Claim.SCAN,
            )


def _unique(one: StatementView, _file: FileView) -> Iterator[Hit]:
    inline = ((alter, action, found) for alter, action, found, _ in _inline(one))
    for alter, action, found in (*_added(one), *inline):
        if found.kind in {"unique", "primary"} and not found.uses_index:
            what = "PRIMARY KEY" if found.kind == "primary" else "UNIQUE"
            yield Hit(
                f"ADD {what} builds an index while reads and writes of {alter.written} wait.",
                "Build the index first with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … "
                f"{what} USING INDEX.",
                at=action.at,
                table=alter.table,
                claim=Claim.BUILD,
                pattern=offers.key_or_unique(alter, action),
            )
        elif found.kind == "exclude":
            yield Hit(
                f"ADD EXCLUDE builds an index while reads and writes of {alter.written} wait.",
                "No form avoids that. Add it while nobody uses the table, or fill a new table that has it "
                "and swap the names.",
                at=action.at,
                table=alter.table,
                claim=Claim.BUILD,
            )


def _not_null(one: StatementView, _file: FileView) -> Iterator[Hit]:
    alter = one.alter
    for action in alter.actions if alter is not None else ():
        at = 2 if action.words[1:2] == ("column",) else 1
        if (
            alter is None
            or action.words[0] != "alter"
            or action.words[at + 1 : at + 4] != ("set", "not", "null")
        ):
            continue
        column = bare(action.tokens[at])
        yield Hit(
            f"SET NOT NULL reads every row while reads and writes of {alter.written} wait.",
            f"Add CHECK ({action.tokens[at].text} IS NOT NULL) NOT VALID, VALIDATE it in a separate "
            "transaction, then SET NOT NULL, which reads nothing then, and drop the CHECK.",
            at=action.at,
            table=alter.table,
            condition=(NO_CHECK, alter.table, column),
            claim=Claim.SCAN,
            pattern=offers.offer("set_not_null", alter, column=typed_name(action.tokens[at].text)),
        )


def _validated(one: StatementView, file: FileView) -> Iterator[Hit]:
    alter = one.alter
    if alter is None or one.transaction is None:
        return
    for action in alter.actions:
        if action.words[:2] != ("validate", "constraint") or len(action.tokens) < 3:
            continue
        name = bare(action.tokens[2])
        for before in (one, *file.before(one)):
            if any(a.table == alter.table and c.name == name and c.not_valid for a, _, c in _added(before)):
                yield Hit(
                    f"{action.tokens[2].text} is added and validated in one transaction, so the lock of ADD "
                    "CONSTRAINT is held while every row is read.",
                    "Write COMMIT; and BEGIN; between the two.",
                    tool_hint="Move VALIDATE CONSTRAINT to a file of its own.",
                    at=action.at,
                    table=alter.table,
                )
                break


RULES = (
    Rule(
        "foreign-key-scans",
        Severity.WARNING,
        "ADD FOREIGN KEY without NOT VALID blocks writes to both tables while it reads every row.",
        _ALTER,
        _foreign_key,
    ),
    Rule(
        "check-scans",
        Severity.WARNING,
        "ADD CHECK without NOT VALID blocks reads and writes while it reads every row.",
        _ALTER,
        _check,
    ),
    Rule(
        "not-null-scans",
        Severity.WARNING,
        "SET NOT NULL without a validated CHECK blocks reads and writes while it reads every row.",
        _ALTER,
        _not_null,
    ),
    Rule(
        "constraint-builds-index",
        Severity.WARNING,
        "ADD UNIQUE, PRIMARY KEY and EXCLUDE block reads and writes while they build an index.",
        _ALTER,
        _unique,
    ),
    Rule(
        "validate-in-same-transaction",
        Severity.WARNING,
        "NOT VALID and VALIDATE in one transaction hold the strong lock while every row is read.",
        _ALTER,
        _validated,
    ),
)
