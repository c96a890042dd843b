"""Checksums of other tools, which their histories store. Each was compared with values of the tool."""

from __future__ import annotations

import hashlib
import re
import zlib

_LINE_END = re.compile("\r\n|\r|\n")
_BOM = "\ufeff"


def sqlx(raw: bytes, ignored: str = "") -> str:
    """Return sqlx's checksum of a file: SHA-384 of its bytes, in hexadecimal digits.

    `ignored`: characters that are taken out before, from ``ignored-chars`` of sqlx.toml.

    Source: sqlx 9d6bf662, sqlx-core/src/migrate/migration.rs; compared with sqlx-cli 0.8.6.
    """
    if ignored:
        raw = raw.decode("utf-8", "replace").translate(dict.fromkeys(map(ord, ignored))).encode()
    return hashlib.sha384(raw).hexdigest()


def flyway(text: str) -> int:
    """Return Flyway's checksum of a text: CRC-32 of the lines without their ends, as a signed int.

    Line ends are those of Java's BufferedReader; a byte order mark at the start does not count.

    Source: Flyway 7.15.0, ChecksumCalculator.
    """
    crc = 0
    for line in _LINE_END.split(text.removeprefix(_BOM)):
        crc = zlib.crc32(line.encode(), crc)
    return crc - 2**32 if crc >= 2**31 else crc
