"""Hash files, so that koonj can distinguish cosmetic edits from other edits."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from koonj.sql.file_hash import file_hash
from koonj.sql.script import Script
from koonj.sql.sections import Sections
from koonj.sql.statements import Statement
from koonj.sql.tokens import significant_texts

_BATCH = 4096
"""Number of tokens that are hashed at once."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Three SHA-256 hashes of a file, in hexadecimal digits."""

    file: str
    """Hash of the raw bytes."""
    statements: str
    r"""Hash of the body's tokens and COPY rows.

    Comments, blanks, BOM and trailing semicolons are omitted. Line ends inside a token count as ``\n``,
    because git can change them on checkout (core.autocrlf).
    """
    rollback: str
    """The same for the rollback; the hash of no tokens if there is none."""


def of(raw: bytes, sections: Sections) -> Fingerprints:
    """Return the fingerprints of a file with these bytes and sections."""
    return Fingerprints(file_hash(raw), script_hash(sections.body), script_hash(sections.rollback))


def script_hash(script: Script | None, *, fold: bool = True) -> str:
    r"""Return the SHA-256 hash of a script's content; of no content if it is None.

    With `fold`, ``\r\n`` in a string, a function body or a quoted name counts as ``\n``.

    Two scripts cannot produce the same bytes: each token ends with a NUL, which PostgreSQL accepts in no
    token. Each statement ends with an empty token, and the hash of its rows follows a COPY.
    """
    digest = sha256()
    exact = False
    for statement in () if script is None else script.statements:
        texts = iter([statement.text]) if exact else significant_texts(statement.text)
        for piece in _pieces(texts):
            digest.update(piece.replace(b"\r\n", b"\n") if fold else piece)
        # This setting changes the rules for strings, so comments are not recognized: hash every character.
        exact = exact or _names(statement, "standard_conforming_strings")
        digest.update(b"\0")
        if script is not None and statement.copy_data is not None:
            digest.update(_rows_hash(script, statement) + b"\0\0")
    return digest.hexdigest()


def _pieces(tokens: Iterator[str]) -> Iterator[bytes]:
    """Yield the tokens in encoded batches, without semicolons at the end."""
    batch: list[str] = []
    semicolons = 0
    for piece in tokens:
        if piece == ";":
            semicolons += 1
            continue
        if semicolons:
            batch += [";"] * semicolons
            semicolons = 0
        batch.append(piece)
        if len(batch) >= _BATCH:
            yield _encoded(batch)
            batch = []
    if batch:
        yield _encoded(batch)


def has_line_ends(script: Script) -> bool:
    """Return whether a string, a function body or a quoted name contains a line end."""
    return any("\n" in token for s in script.statements for token in significant_texts(s.text))


def _names(statement: Statement, name: str) -> bool:
    """Return whether `name`, in lower case, is the name of the statement's object."""
    return name in statement.text.lower() and statement.name.lower() == name


def _encoded(tokens: list[str]) -> bytes:
    return ("\0".join(tokens) + "\0").encode(errors="surrogatepass")


def _rows_hash(script: Script, statement: Statement) -> bytes:
    r"""Return the hash of COPY rows, with line ends normalized to \n."""
    rows = b"".join(script.data(statement))
    return sha256(re.sub(rb"\r\n?", b"\n", rows)).hexdigest().encode()
