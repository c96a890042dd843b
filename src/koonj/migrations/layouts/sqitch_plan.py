"""The plan of sqitch: its changes in order, with the ids that sqitch computes for them.

Source: sqitch 1.3.1, App::Sqitch::Plan (_parse, check_changes), Plan::Line, Plan::Change and Plan::Depend.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from koonj.migrations.layouts.sqitch_change import Change, Dependency, Planned, Tag, change_id, tag_id

_PUNCT = re.escape("-!\"#$%&'()*+,./:;<=>?@[\\]^`{|}~")
_NAME = rf"(?![{_PUNCT}])(?:(?![~/=%^]\d+(?:$|[ \t]))[^ \t:@#\\])+(?<![{_PUNCT}])\b"
_LINE = re.compile(
    rf"[ \t]*(?P<tag>@)?(?:[ \t]*[+-][ \t]*)?(?P<name>{_NAME})[ \t]*"
    r"(?:\[(?P<dependencies>[^]]+)\][ \t]*)?"
    r"(?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)[ \t]*"
    r"(?P<planner>[^<]+)[ \t]+<(?P<mail>[^>]+)>"
)
_DEPENDENCY = re.compile(
    rf"(?P<conflicts>!?)(?:(?P<project>{_NAME}):)?"
    rf"(?:(?P<id>[0-9a-f]{{40}})|(?P<change>{_NAME})(?:@(?P<tag>{_NAME}))?|@(?P<only>{_NAME}))"
)
_PRAGMA = re.compile(r"[ \t]*%[ \t]*(?P<name>[^ \t=]+)(?:[ \t]*=[ \t]*(?P<value>.+))?")
_NOTE = re.compile(r"[ \t]*(?:#[ \t]*(.*))?$")
_ESCAPES = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


class PlanError(Exception):
    """Raised if the plan is not one that sqitch reads. The message is half a sentence."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan."""

    project: str
    changes: tuple[Change, ...]
    uri: str = ""
    """As written; empty if there is none."""


@dataclass(frozen=True, slots=True)
class _Written:
    """A dependency of a line."""

    key: str
    """As it is a part of the id."""
    is_own: bool
    """Whether it names no other project."""
    id: str | None
    change: str | None
    tag: str | None


@dataclass(slots=True)
class _Seen:
    """What stood in the plan before a line."""

    first: dict[str, int] = field(default_factory=dict)
    last: dict[str, int] = field(default_factory=dict)
    """Place of the first and of the last change of a name."""
    tags: dict[str, int] = field(default_factory=dict)
    """Number of changes before a tag."""

    def knows(self, change: str | None, tag: str | None) -> bool:
        """Return whether a change, a tag, or a change before a tag is there."""
        if tag is not None and tag not in self.tags:
            return False
        if change is None:
            return True
        return change in self.first and (tag is None or self.first[change] < self.tags[tag])


def read_plan(text: str) -> Plan:
    """Return the plan. Raises: PlanError."""
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    pragmas, first = _pragmas(lines)
    project = pragmas.get("project", "")
    if not project:
        raise PlanError("has no %project", 1)
    uri = pragmas.get("uri", "")
    changes: list[Change] = []
    written_of: list[tuple[list[_Written], list[_Written]]] = []
    seen = _Seen()
    for number, line in enumerate(lines[first:], first + 1):
        written, note = _without_note(line)
        if not written.strip(" \t"):
            continue
        found = _LINE.fullmatch(written)
        if found is None:
            raise PlanError("has a line that is neither a change nor a tag", number)
        name = found["name"]
        planned = Planned(found["planner"], found["mail"], found["date"], note)
        if found["tag"]:
            if not changes or name in seen.tags or found["dependencies"]:
                raise PlanError(f"cannot have the tag @{name} here", number)
            last = changes[-1]
            tag = Tag(name, tag_id(project, uri, last.id, name, planned), planned)
            changes[-1] = replace(last, tags=(*last.tags, tag))
            seen.tags[name] = len(changes)
            continue
        again = seen.last.get(name)
        if again is not None:
            changes[again] = _reworked(changes, again, number)
        requires, conflicts, unknown = _dependencies(found["dependencies"] or "", project, seen, number)
        id_ = change_id(
            project,
            uri,
            changes[-1].id if changes else "",
            name,
            planned,
            [one.key for one in requires],
            [one.key for one in conflicts],
        )
        changes.append(Change(name, id_, planned, number, unknown=unknown))
        written_of.append((requires, conflicts))
        seen.first.setdefault(name, len(changes) - 1)
        seen.last[name] = len(changes) - 1
    return Plan(project, tuple(_with_dependencies(changes, written_of)), uri)


def _reworked(changes: Sequence[Change], place: int, line: int) -> Change:
    """Return a change whose name a later one has, with the tags in between. Raises: PlanError."""
    between = [tag.name for one in reversed(changes[place + 1 :]) for tag in one.tags]
    between += [tag.name for tag in changes[place].tags]
    if not between:
        raise PlanError(f"has the change {changes[place].name} twice without a tag in between", line)
    return replace(changes[place], reworked_at=tuple(between))


def _with_dependencies(
    changes: Sequence[Change], written_of: Sequence[tuple[list[_Written], list[_Written]]]
) -> list[Change]:
    """Return the changes with their dependencies. sqitch looks for them in the whole plan."""
    places: dict[str, list[int]] = {}
    tags: dict[str, int] = {}
    ids = {change.id for change in changes}
    for place, change in enumerate(changes):
        places.setdefault(change.name, []).append(place)
        tags.update({tag.name: place for tag in change.tags})

    def id_of(one: _Written) -> str | None:
        if one.id is not None:
            return one.id if one.id in ids else None
        if not one.is_own or (one.tag is not None and one.tag not in tags):
            return None
        if one.change is None:
            return changes[tags[one.tag]].id if one.tag is not None else None
        found = places.get(one.change, [])
        if one.tag is not None:
            found = [place for place in reversed(found) if place <= tags[one.tag]]
        return changes[found[0]].id if found else None

    def resolved(written: list[_Written]) -> tuple[Dependency, ...]:
        return tuple(Dependency(one.key, id_of(one)) for one in written)

    return [
        replace(change, requires=resolved(requires), conflicts=resolved(conflicts))
        for change, (requires, conflicts) in zip(changes, written_of, strict=True)
    ]


def _pragmas(lines: list[str]) -> tuple[dict[str, str], int]:
    """Return the pragmas, and the number of lines up to the empty one after them. Raises: PlanError."""
    pragmas: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        written, note = _without_note(line)
        if not written.strip(" \t"):
            if not note:
                return pragmas, number
            continue
        found = _PRAGMA.fullmatch(written)
        if found is None:
            raise PlanError("has no empty line between its %pragmas and its changes", number)
        pragmas[found["name"]] = found["value"] or "1"
    return pragmas, len(lines)


def _without_note(line: str) -> tuple[str, str]:
    """Return a line up to the first ``#``, and what stands after it, as sqitch stores it."""
    found = _NOTE.search(line)
    if found is None:
        return line, ""
    note = re.sub(r"\\[\\nr]", lambda escape: _ESCAPES[escape[0]], (found[1] or "").strip())
    return line[: found.start()], note


def _dependencies(
    written: str, project: str, seen: _Seen, line: int
) -> tuple[list[_Written], list[_Written], tuple[str, ...]]:
    """Return what a change requires, its conflicts, and what is not known of the first. Raises: PlanError."""
    requires: list[_Written] = []
    conflicts: list[_Written] = []
    unknown: list[str] = []
    for one in written.split():
        found = _DEPENDENCY.fullmatch(one)
        if found is None:
            raise PlanError(f"has {one} as a dependency, which has not that form", line)
        tag = found["tag"] or found["only"]
        key = found["id"] or (found["change"] or "") + (f"@{tag}" if tag else "")
        is_own = found["project"] in {None, project}
        is_checked = is_own and not found["conflicts"] and not found["id"]
        stored = key if is_own else f"{found['project']}:{key}"
        place = conflicts if found["conflicts"] else requires
        place.append(_Written(stored, is_own, found["id"], found["change"], tag))
        if is_checked and not seen.knows(found["change"], tag):
            unknown.append(key)
    return requires, conflicts, tuple(unknown)
