"""Fingerprints: what tells an honest edit of a file from a cosmetic one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from koonj.sql.script import Script
from koonj.sql.sections import Sections
from koonj.sql.statements import Statement
from koonj.sql.tokens import significant_texts

_BATCH = 4096
"""Tokens that are hashed at once."""


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """sha256 of a file's three faces, in hexadecimal digits."""

    file: str
    """Of the raw bytes."""
    statements: str
    """Of the body's tokens and COPY rows: without comments, blanks, line ends, BOM and last semicolons."""
    rollback: str
    """The same of the rollback script; of no tokens where there is none."""


def of(raw: bytes, sections: Sections) -> Fingerprints:
    """The fingerprints of a file with these bytes and sections."""
    return Fingerprints(file_hash(raw), script_hash(sections.body), script_hash(sections.rollback))


def file_hash(raw: bytes) -> str:
    """sha256 of the bytes, in hexadecimal digits."""
    return sha256(raw).hexdigest()


def script_hash(script: Script | None) -> str:
    """sha256 of what a script says; of nothing where there is none.

    Two scripts cannot give the same bytes: a token ends with a NUL, which is in none that PostgreSQL takes, a
    statement with an empty token; after a COPY follows the hash of its rows.
    """
    digest = sha256()
    exact = False
    for statement in () if script is None else script.statements:
        said = iter([statement.text]) if exact else significant_texts(statement.text)
        for piece in _pieces(said):
            digest.update(piece)
        # With other rules for strings, what is a comment is not known here: every character counts.
        exact = exact or statement.name.lower() == "standard_conforming_strings"
        digest.update(b"\0")
        if script is not None and statement.copy_data is not None:
            digest.update(_rows_hash(script, statement) + b"\0\0")
    return digest.hexdigest()


def _pieces(tokens: Iterator[str]) -> Iterator[bytes]:
    """The tokens in encoded batches, without semicolons at the end."""
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


def _encoded(tokens: list[str]) -> bytes:
    return ("\0".join(tokens) + "\0").encode(errors="surrogatepass")


def _rows_hash(script: Script, statement: Statement) -> bytes:
    r"""Of the rows of a COPY, with line ends as \n."""
    rows = b"".join(script.data(statement))
    return sha256(re.sub(rb"\r\n?", b"\n", rows)).hexdigest().encode()
