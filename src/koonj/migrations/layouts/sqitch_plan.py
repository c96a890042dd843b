"""The plan of sqitch: its changes in order, with the ids that sqitch computes for them.

Source: sqitch 1.3.1, App::Sqitch::Plan (_parse, check_changes), Plan::Line, Plan::Change and Plan::Depend.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

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
_PORTS = {"http": 80, "https": 443}


class PlanError(Exception):
    """Raised if the plan is not one that sqitch reads. The message is half a sentence."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the plan."""

    name: str
    id: str
    """SHA-1 of what the plan says about it and, through its parent's id, about all changes before it."""
    note: str
    line: int
    unknown: tuple[str, ...] = ()
    """Required changes of this project that do not stand before it."""
    tags: tuple[str, ...] = ()
    """Tags that stand on it, without ``@``."""
    reworked_at: tuple[str, ...] = ()
    """If a later change has its name: the tags of which one is in the names of its scripts, nearest first."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan."""

    project: str
    changes: tuple[Change, ...]


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
    uri = _canonical(pragmas.get("uri", ""))
    changes: list[Change] = []
    seen = _Seen()
    for number, line in enumerate(lines[first:], first + 1):
        written, note = _without_note(line)
        if not written.strip(" \t"):
            continue
        found = _LINE.fullmatch(written)
        if found is None:
            raise PlanError("has a line that is neither a change nor a tag", number)
        name = found["name"]
        if found["tag"]:
            if not changes or name in seen.tags or found["dependencies"]:
                raise PlanError(f"cannot have the tag @{name} here", number)
            changes[-1] = replace(changes[-1], tags=(*changes[-1].tags, name))
            seen.tags[name] = len(changes)
            continue
        again = seen.last.get(name)
        if again is not None:
            between = [tag for one in reversed(changes[again:]) for tag in one.tags] + [*changes[again].tags]
            if not between:
                raise PlanError(f"has the change {name} twice without a tag in between", number)
            changes[again] = replace(changes[again], reworked_at=tuple(between))
        needs, conflicts, unknown = _dependencies(found["dependencies"] or "", project, seen, number)
        info = _info(
            project, uri, changes[-1].id if changes else "", found, note, needs=needs, conflicts=conflicts
        )
        changes.append(Change(name, _id(info), note, number, unknown))
        seen.first.setdefault(name, len(changes) - 1)
        seen.last[name] = len(changes) - 1
    return Plan(project, tuple(changes))


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
) -> tuple[list[str], list[str], tuple[str, ...]]:
    """Return what a change requires, its conflicts, and what is not known of the first. Raises: PlanError."""
    requires: list[str] = []
    conflicts: list[str] = []
    unknown: list[str] = []
    for one in written.split():
        found = _DEPENDENCY.fullmatch(one)
        if found is None:
            raise PlanError(f"has {one} as a dependency, which has not that form", line)
        tag = found["tag"] or found["only"]
        key = found["id"] or (found["change"] or "") + (f"@{tag}" if tag else "")
        is_own = found["project"] in {None, project}
        is_checked = is_own and not found["conflicts"] and not found["id"]
        (conflicts if found["conflicts"] else requires).append(key if is_own else f"{found['project']}:{key}")
        if is_checked and not seen.knows(found["change"], tag):
            unknown.append(key)
    return requires, conflicts, tuple(unknown)


def _info(
    project: str,
    uri: str,
    parent: str,
    found: re.Match[str],
    note: str,
    *,
    needs: list[str],
    conflicts: list[str],
) -> Iterator[str]:
    """Yield the lines of which the id is made."""
    yield f"project {project}"
    if uri:
        yield f"uri {uri}"
    yield f"change {found['name']}"
    if parent:
        yield f"parent {parent}"
    yield f"planner {found['planner']} <{found['mail']}>"
    yield f"date {found['date']}"
    if needs:
        yield from ("requires", *(f"  + {one}" for one in needs))
    if conflicts:
        yield from ("conflicts", *(f"  - {one}" for one in conflicts))
    if note:
        yield from ("", note)


def _id(info: Iterator[str]) -> str:
    text = "\n".join(info).encode()
    return hashlib.sha1(b"change %d\0" % len(text) + text, usedforsecurity=False).hexdigest()


def _canonical(uri: str) -> str:
    """Return a URI as Perl's URI->canonical: host in lower case, no default port, ``/`` as path."""
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return uri
    if parts.scheme not in _PORTS or not host or parts.username is not None:
        return uri
    place = host if port in {None, _PORTS[parts.scheme]} else f"{host}:{port}"
    return parts._replace(netloc=place, path=parts.path or "/").geturl()
