"""Find what a statement changes through functions, triggers and rules. Pure functions over catalogs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from koonj.postgres.catalog.catalog import Catalog
from koonj.sql.routine_calls import called_names, runs_unknown_sql, updates_and_deletes
from koonj.sql.row_changes import RowChange, changes_in, plain_name, row_changes
from koonj.sql.statements import Statement

_CALLS = frozenset(
    {
        *(
            "select",
            "call",
            "do",
            "with",
            "values",
            "insert",
            "update",
            "delete",
            "merge",
            "execute",
            "explain",
        ),
        *("copy", "alter", "create", "refresh", "table"),
    }
)
"""First words of statements that can call functions."""
_DEFINES = frozenset(
    {"function", "procedure", "trigger", "event trigger", "rule", "view", "policy", "domain"}
)
"""Kinds of objects whose definition calls nothing."""
_FIRES_EVENTS = frozenset({"create", "alter", "drop", "comment", "grant", "revoke"})
"""First words of statements that fire event triggers."""
_KNOWN_LANGUAGE = re.compile(r"^ LANGUAGE (?:sql|plpgsql)\b", re.MULTILINE)
_CANNOT_WRITE = re.compile(r"^ (?:[A-Z ]*\b)?(?:IMMUTABLE|STABLE)\b", re.MULTILINE)
_EXECUTE = "EXECUTE FUNCTION "
_EVENTS = re.compile(r"\b(?:INSERT|UPDATE|DELETE|TRUNCATE)\b")


@dataclass(frozen=True, slots=True)
class HiddenChange:
    """Rows that a statement can change without saying so."""

    by: str
    """Such as ``the function public.f(integer)``."""
    change: RowChange | None
    """None: the function runs SQL that is computed at run time."""


@dataclass(frozen=True, slots=True)
class _Fired:
    """A trigger or a rule."""

    events: frozenset[str]
    columns: frozenset[str]
    """Columns of UPDATE OF; empty: all."""
    text: str


@dataclass(frozen=True, slots=True)
class Routines:
    """Functions, triggers and rules of a database, by plain names."""

    functions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By plain name: the definition of each function of this name, by identity with its kind."""
    fired: Mapping[str, tuple[_Fired, ...]] = field(default_factory=dict)
    """Triggers and rules, by the plain name of their table."""
    event_functions: frozenset[str] = frozenset()
    """Plain names of the functions of event triggers."""
    tables: frozenset[str] = frozenset()
    """Plain names of the tables and views that existed before."""

    def hidden_changes(self, statement: Statement) -> tuple[HiddenChange, ...]:
        """Return what a statement can change through functions, triggers and rules."""
        defines = statement.verb in _FIRES_EVENTS and statement.kind in _DEFINES
        runs = statement.verb in _CALLS and not defines and bool(self.functions or self.fired)
        fired = list(self._fired_by(statement)) if runs else []
        texts = [statement.text, *fired] if runs else []
        if statement.verb in _FIRES_EVENTS:
            texts += [f"{name}()" for name in sorted(self.event_functions)]
        changes = dict.fromkeys(one for text in fired for one in _named("a rule", text, self.tables))
        known: set[str] = set()
        for text in texts:
            for by, definition in self._reached(text, known):
                changes.update(dict.fromkeys(_changes(by, definition, self.tables)))
        return tuple(changes)

    def _reached(self, text: str, known: set[str]) -> Iterator[tuple[str, str]]:
        lower = text.lower()
        if not any(name.lower() in lower for name in self.functions):
            return  # saves the time to read the text of thousands of INSERTs
        for name in called_names(text):
            if name in known or name not in self.functions:
                continue
            known.add(name)
            for by, definition in self.functions[name].items():
                yield by, definition
                yield from self._reached(definition, known)
                for change in changes_in(definition):
                    for fired in self._matching(change):
                        yield from self._reached(fired, known)

    def _fired_by(self, statement: Statement) -> Iterator[str]:
        for change in row_changes(statement):
            yield from self._matching(change)

    def _matching(self, change: RowChange) -> Iterator[str]:
        columns = {plain_name(column) for column in change.columns}
        for one in self.fired.get(change.plain_table, ()):
            of_these = not one.columns or not columns or one.columns & columns
            if change.verb in one.events and (change.verb != "update" or of_these):
                yield one.text


def routines(before: Catalog, after: Catalog) -> Routines:
    """Return the functions, triggers and rules of two catalogs. `before`: the one with the older tables."""
    functions: dict[str, dict[str, str]] = {}
    fired: dict[str, tuple[_Fired, ...]] = {}
    events: set[str] = set()
    for catalog in (before, after):
        for name, one in catalog.objects.items():
            if name.kind in {"function", "procedure"}:
                plain = plain_name(name.identity[: name.identity.index("(")])
                functions.setdefault(plain, {})[f"the {name.kind} {name.identity}"] = one.definition
            elif name.kind in {"trigger", "rule"} and one.parent is not None:
                table = plain_name(one.parent.identity)
                fired[table] = (*fired.get(table, ()), _read_fired(name.kind, one.definition))
            elif name.kind == "event trigger":
                events.update(called_names(one.definition.partition(_EXECUTE)[2]))
    tables = (name for name in before.objects if name.kind in {"table", "view"})
    plain_tables = frozenset(plain_name(name.identity) for name in tables)
    return Routines(functions, fired, frozenset(events), plain_tables)


def _read_fired(kind: str, definition: str) -> _Fired:
    """Read the events of a trigger (before its ON) or of a rule (after its ON)."""
    if kind == "rule":
        head, _, text = definition.partition(" DO ")
        return _Fired(frozenset(e.lower() for e in _EVENTS.findall(head)), frozenset(), text)
    head = definition.partition(" ON ")[0]
    columns = head.partition(" UPDATE OF ")[2].partition(" OR ")[0]
    names = frozenset(plain_name(column.strip()) for column in columns.split(",") if column.strip())
    text = definition.partition(_EXECUTE)[2]
    return _Fired(frozenset(e.lower() for e in _EVENTS.findall(head)), names, text)


def _changes(by: str, definition: str, tables: frozenset[str]) -> Iterator[HiddenChange]:
    head = definition.partition("\nAS ")[0]
    if _CANNOT_WRITE.search(head):
        return
    if not _KNOWN_LANGUAGE.search(head) or runs_unknown_sql(definition):
        yield HiddenChange(by, None)
    yield from _named(by, definition, tables)


def _named(by: str, text: str, tables: frozenset[str]) -> Iterator[HiddenChange]:
    yield from (HiddenChange(by, c) for c in updates_and_deletes(text) if c.plain_table in tables)
