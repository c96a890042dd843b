"""A change of a sqitch plan with its tags and dependencies, and the ids that sqitch computes of them.

Source: sqitch 1.3.1, App::Sqitch::Plan::Change, Plan::Tag and Plan::Depend.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Planned:
    """Who wrote a line of the plan, when, and why."""

    name: str
    mail: str
    date: str
    """In UTC: ``2026-11-29T20:24:51Z``."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that stands on a change."""

    name: str
    """Without ``@``."""
    id: str
    planned: Planned


@dataclass(frozen=True, slots=True)
class Dependency:
    """A change that another one requires, or with which it is in conflict."""

    written: str
    """As sqitch stores it: ``name``, ``name@tag``, ``@tag``, ``project:name`` or an id."""
    id: str | None = None
    """Id of the change; None if this plan does not have it."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of the plan."""

    name: str
    id: str
    """SHA-1 of what the plan says about it and, through its parent's id, about all changes before it."""
    planned: Planned
    line: int
    requires: tuple[Dependency, ...] = ()
    conflicts: tuple[Dependency, ...] = ()
    unknown: tuple[str, ...] = ()
    """Required changes of this project that do not stand before it."""
    tags: tuple[Tag, ...] = ()
    reworked_at: tuple[str, ...] = ()
    """If a later change has its name: the tags of which one is in the names of its scripts, nearest first."""


def change_id(
    project: str,
    uri: str,
    parent: str,
    name: str,
    planned: Planned,
    requires: Sequence[str],
    conflicts: Sequence[str],
) -> str:
    """Return the id of a change. `parent`: the id of the change before it; empty if there is none."""
    return _id("change", _of_change(project, uri, parent, name, planned, requires, conflicts))


def tag_id(project: str, uri: str, change: str, name: str, planned: Planned) -> str:
    """Return the id of a tag. `change`: the id of the change on which it stands."""
    lines = [
        *_of_project(project, uri),
        f"tag @{name}",
        f"change {change}",
        f"planner {planned.name} <{planned.mail}>",
        f"date {planned.date}",
        *(("", planned.note) if planned.note else ()),
    ]
    return _id("tag", lines)


def _of_project(project: str, uri: str) -> Iterator[str]:
    yield f"project {project}"
    if uri:
        yield f"uri {_canonical(uri)}"


def _of_change(
    project: str,
    uri: str,
    parent: str,
    name: str,
    planned: Planned,
    requires: Sequence[str],
    conflicts: Sequence[str],
) -> Iterator[str]:
    yield from _of_project(project, uri)
    yield f"change {name}"
    if parent:
        yield f"parent {parent}"
    yield f"planner {planned.name} <{planned.mail}>"
    yield f"date {planned.date}"
    if requires:
        yield from ("requires", *(f"  + {one}" for one in requires))
    if conflicts:
        yield from ("conflicts", *(f"  - {one}" for one in conflicts))
    if planned.note:
        yield from ("", planned.note)


def _id(kind: str, lines: Iterator[str] | Sequence[str]) -> str:
    """Return the SHA-1 of an object in the form of git. sqitch counts bytes."""
    text = "\n".join(lines).encode()
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(text)) + text, usedforsecurity=False).hexdigest()


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
