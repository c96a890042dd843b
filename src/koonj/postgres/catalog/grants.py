"""Turn access control lists into grants, one per grantee.

Default grants are omitted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "r": "SELECT",
        "a": "INSERT",
        "w": "UPDATE",
        "d": "DELETE",
        "D": "TRUNCATE",
        "x": "REFERENCES",
        "t": "TRIGGER",
        "m": "MAINTAIN",
        "X": "EXECUTE",
        "U": "USAGE",
        "C": "CREATE",
        "T": "TEMPORARY",
        "c": "CONNECT",
        "s": "SET",
        "A": "ALTER SYSTEM",
    }
)
"""https://www.postgresql.org/docs/current/ddl-priv.html#PRIVILEGE-ABBREVS-TABLE"""

_NAME = r'("(?:[^"]|"")*"|[^"=/]*)'
_ITEM = re.compile(rf"{_NAME}=([A-Za-z*]*)/{_NAME}")
OWNER = "its owner"
PUBLIC = "PUBLIC"


@dataclass(frozen=True, slots=True)
class Grant:
    """Privileges of one grantee."""

    grantee: str
    """Role name, quoted for SQL; or `OWNER`, or `PUBLIC`."""
    words: str
    """``GRANT SELECT, INSERT``; one line per grantor, and one for privileges WITH GRANT OPTION."""
    place: int
    """1-based position in the order of pg_dump; the owner comes first."""


@dataclass(frozen=True, slots=True)
class _Item:
    grantee: str
    letters: str
    grantor: str


def grants(acl: Sequence[str], default: Sequence[str], owner: str, everything: str = "") -> Iterator[Grant]:
    """Yield the grants that change the access control list `default` into `acl`.

    Both are lists of PostgreSQL's aclitem: ``app=arw/boss``. `everything`: letters of all privileges of this
    kind of object; by default, those that the owner has initially.
    """
    if acl == default:
        return
    at_first = [_item(text, owner) for text in default]
    now = [_item(text, owner) for text in acl]
    everything = everything or next((i.letters for i in at_first if i.grantee == OWNER), "")
    known = set(at_first)
    lines: dict[str, list[str]] = {}
    for item in sorted(now, key=lambda item: item.grantee != OWNER):
        if item not in known:
            lines.setdefault(item.grantee, []).extend(_granted(item, everything))
    kept = {(item.grantee, item.grantor) for item in now}
    for item in at_first:
        if (item.grantee, item.grantor) not in kept:
            lines.setdefault(item.grantee, []).append(f"REVOKE {_privileges(item.letters, everything)}")
    for place, (grantee, words) in enumerate(lines.items(), 1):
        yield Grant(grantee, "\n".join(words), place)


def _item(text: str, owner: str) -> _Item:
    match = _ITEM.fullmatch(text)
    if match is None:
        raise ValueError(f"not an aclitem: {text}")
    grantee, letters, grantor = _bare(match[1]), match[2], _bare(match[3])
    named = OWNER if grantee == owner else _quoted(grantee) if grantee else PUBLIC
    return _Item(named, letters, OWNER if grantor == owner else _quoted(grantor))


def _bare(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _quoted(name: str) -> str:
    if re.fullmatch(r"[a-z_][a-z0-9_$]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def _granted(item: _Item, everything: str) -> Iterator[str]:
    grantor = "" if item.grantor == OWNER else f" GRANTED BY {item.grantor}"
    passed_on = "".join(re.findall(r"(.)\*", item.letters))
    plain = "".join(re.findall(r"[^*](?!\*)", item.letters))
    if plain or not passed_on:
        yield f"GRANT {_privileges(plain, everything)}{grantor}"
    if passed_on:
        yield f"GRANT {_privileges(passed_on, everything)} WITH GRANT OPTION{grantor}"


def _privileges(letters: str, everything: str) -> str:
    letters = letters.replace("*", "")
    if letters and set(letters) == set(everything):
        return "ALL"
    return ", ".join(_WORDS.get(letter, letter) for letter in letters) or "nothing"
