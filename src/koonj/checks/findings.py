"""Apply the rules to the text of one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from koonj.checks.catalogue import RULES
from koonj.checks.conditions import holds, own_facts
from koonj.checks.facts import facts_of
from koonj.checks.file_view import FileView, StatementView
from koonj.checks.ignores import without_ignored
from koonj.checks.model import Finding, Hit, Rule
from koonj.checks.names import last_name
from koonj.checks.rollbacks import reads, takes_back
from koonj.checks.screening import is_suspect
from koonj.migrations.migration import Migration
from koonj.sql.problem import Problem
from koonj.sql.script import Script

_OF_FILES = tuple(rule for rule in RULES.values() if not rule.verbs)
_BY_VERB = {
    verb: tuple(rule for rule in RULES.values() if verb in rule.verbs)
    for verb in sorted({verb for rule in RULES.values() for verb in rule.verbs})
}


def find(migration: Migration) -> tuple[Finding, ...]:
    """Return what the rules find in a file, by line."""
    view, sections = FileView.of(migration), migration.sections
    all_found = [*_found(view, sections.body), *_of_rollback(migration, view)]
    found = without_ignored(all_found, sections.ignores, sections.body.statements)
    return tuple(sorted(found, key=lambda one: (one.problem.line or 0, one.problem.column or 0)))


def _found(view: FileView, script: Script) -> Iterator[Finding]:
    for rule in _OF_FILES if view.statements else ():
        for hit in rule.find(view.statements[0], view):
            yield _as_finding(rule, hit, hit.of or view.statements[0], view, script)
    for one in view.statements:
        for rule in _rules_for(one, view):
            for hit in rule.find(one, view):
                if not hit.table or hit.table not in view.made:
                    yield _as_finding(rule, hit, one, view, script)
        _remember(view, one)


def _of_rollback(migration: Migration, body: FileView) -> Iterator[Finding]:
    """Yield what the rules find in the rollback, apart from what it only takes back."""
    script, shape = migration.sections.rollback, migration.rollback_shape
    if script is None or shape is None:
        return
    view = FileView.of_shape(shape)
    view.made |= body.made
    text = "\n".join(one.text for one in body.statements).lower()
    for one in view.statements:
        for rule in filter(reads, _rules_for(one, view)):
            for hit in rule.find(one, view):
                if hit.table in view.made or takes_back(rule, hit, text) or not _holds_alone(hit, one, view):
                    continue
                found = _as_finding(rule, replace(hit, pattern=None), one, view, script)
                problem = replace(found.problem, in_rollback_file=migration.has_rollback_file)
                yield replace(found, problem=problem, in_rollback=True, facts_before=_facts_of(body))
        _remember(view, one)


def _holds_alone(hit: Hit, one: StatementView, view: FileView) -> bool:
    """Return whether the statements before it in a rollback leave a condition true."""
    if not hit.condition:
        return True
    own = [fact for before in view.statements[: one.place] for fact in facts_of(before)]
    return holds(hit.condition, [fact for fact in own if fact[1] == hit.condition[1]])


def _facts_of(view: FileView) -> int:
    return sum(1 for one in view.statements for _ in facts_of(one))


def _rules_for(one: StatementView, view: FileView) -> tuple[Rule, ...]:
    rules = _BY_VERB.get(one.verb, ())
    if not rules or view.adds_enum_value or is_suspect(one.verb, one.text) or one.index is not None:
        return rules
    return ()


def _remember(view: FileView, one: StatementView) -> None:
    """Note what the statement creates, also under a new name."""
    if one.made_table:
        view.made.add(last_name(one.made_table))
    for action in one.alter.actions if one.alter is not None and one.alter.table in view.made else ():
        if action.words[:2] == ("rename", "to") and len(action.tokens) > 2:
            view.made.add(last_name(action.tokens[2].text))


def _as_finding(rule: Rule, hit: Hit, one: StatementView, view: FileView, script: Script) -> Finding:
    line, column = one.statement.line, one.statement.column
    if hit.at is not None:
        line, column = script.locate_in(one.statement, hit.at)
    hint = hit.tool_hint if view.of_tool and hit.tool_hint else hit.hint
    problem = Problem(rule.code, rule.severity, hit.message, hint, line, column, hit.pattern)
    before = own_facts(hit.condition, _facts_before(one, view)) if hit.condition else 0
    return Finding(problem, hit.table, hit.condition, hit.claim, one.statement.line, before)


def _facts_before(one: StatementView, view: FileView) -> int:
    """Return how many facts the statements before this one say."""
    for before in view.statements[view.counted : one.place]:
        view.facts += sum(1 for _ in facts_of(before))
    view.counted = max(view.counted, one.place)
    return view.facts
