"""The text of a committed file of graphile-migrate: its header, its body, its hash, its placeholders.

Source: graphile-migrate 54ea390, src/migration.ts (parseMigrationText), src/hash.ts, src/settings.ts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEADER = re.compile(r"--! ([A-Z][a-zA-Z0-9_]*)(?::([^\n\r\u2028\u2029]*))?")
_NO_TRANSACTION = re.compile(r"--!\s*no-transaction\b")
_BLANK = (
    "\t\n\v\f\r \u00a0\u1680"
    + "".join(map(chr, range(0x2000, 0x200B)))
    + "\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What JavaScript's trim() removes. Source: ECMAScript, WhiteSpace and LineTerminator."""
_BUILT_IN = (":DATABASE_NAME", ":DATABASE_OWNER")
_PLACEHOLDER = re.compile(r"""["'](:[A-Z][0-9A-Z_]+)["']\s*:""")
"""A key of ``placeholders`` in a configuration, which is JSON5 or JavaScript."""
_BESIDE = re.compile(
    r"""\b(beforeAllMigrations|afterAllMigrations|pgSettings)["']?\s*:\s*(?:\[\s*[^]\s]|\{\s*[^}\s]|[^[{n\s])"""
)
"""A setting with a value that is not empty."""
_COMMENT = re.compile(r"^\s*//.*|/\*.*?\*/", re.MULTILINE | re.DOTALL)


class HeaderError(Exception):
    """Raised if the header of a file is not one that the tool writes. The message is half a sentence."""


@dataclass(frozen=True, slots=True)
class CommittedText:
    """A committed file."""

    hash: str
    """As in ``--! Hash:``."""
    previous: str
    """As in ``--! Previous:``; empty for the first file."""
    message: str
    body: str
    """The text that runs; the hash is over it, with the placeholders as they are written."""
    start: int
    """Offset of the body in the file."""
    is_hash_allowed_to_differ: bool
    """It has ``--! AllowInvalidHash``."""

    @property
    def is_hash_right(self) -> bool:
        """Return whether the header has the hash of the body."""
        return self.hash == graphile_hash(self.body, self.previous)

    @property
    def is_without_transaction(self) -> bool:
        """Return whether the first line of the body switches the transaction off."""
        return _NO_TRANSACTION.match(self.body.partition("\n")[0]) is not None


def graphile_hash(body: str, previous: str) -> str:
    """Return the hash of a body: ``sha1:`` and 40 digits. `previous`: the hash before it, or empty."""
    text = f"{previous}\n{body.strip(_BLANK)}".strip(_BLANK) + "\n"
    return f"sha1:{hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()}"


def committed_text(text: str) -> CommittedText:
    """Return what a committed file says.

    Raises: HeaderError. A file with CRLF has no header, because the tool splits lines at LF only.
    """
    headers: dict[str, str] = {}
    offset = 0
    for line in text.split("\n"):
        found = _HEADER.fullmatch(line)
        if found is None:
            break
        if found[1] in headers:
            raise HeaderError(f"The file has '--! {found[1]}' twice")
        headers[found[1]] = (found[2] or "").strip(_BLANK)
        offset += len(line) + 1
    if text[offset : offset + 1] not in {"\n", ""}:
        raise HeaderError("The file has no header with an empty line after it, or its lines end with CRLF")
    for name in ("Previous", "Hash"):
        if not headers.get(name):
            raise HeaderError(f"The file has no '--! {name}:'")
    rest = text[offset:]
    return CommittedText(
        hash=headers["Hash"],
        previous="" if headers["Previous"] == "-" else headers["Previous"],
        message=headers.get("Message", ""),
        body=rest.strip(_BLANK) + "\n",
        start=offset + len(rest) - len(rest.lstrip(_BLANK)),
        is_hash_allowed_to_differ="AllowInvalidHash" in headers,
    )


def placeholders_of(configurations: Iterable[str | None]) -> tuple[str, ...]:
    """Return the placeholders that the tool replaces, in the order in which it looks for them."""
    texts = (text for text in configurations if text is not None)
    own = (found for text in texts for found in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys((*own, *_BUILT_IN)))


def settings_beside(configurations: Iterable[str | None]) -> str:
    """Return the first setting by which the tool does more than run the files; empty if there is none."""
    texts = (_COMMENT.sub("", text) for text in configurations if text is not None)
    return next((found[1] for text in texts if (found := _BESIDE.search(text))), "")


def used_placeholder(body: str, known: Sequence[str]) -> str:
    """Return the first placeholder of a body, wherever it stands; empty if there is none."""
    found = re.search(rf"(?:{'|'.join(map(re.escape, known))})(?![0-9A-Za-z_])", body)
    return found[0] if found else ""
