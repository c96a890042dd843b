"""Checksums of other tools, which their histories store. Each was compared with values of the tool."""

from __future__ import annotations

import re
import zlib

_LINE_END = re.compile("\r\n|\r|\n")
_BOM = "\ufeff"


def flyway(text: str) -> int:
    """Return Flyway's checksum of a text: CRC-32 of the lines without their ends, as a signed int.

    Line ends are those of Java's BufferedReader; a byte order mark at the start does not count.

    Source: Flyway 7.15.0, ChecksumCalculator.
    """
    crc = 0
    for line in _LINE_END.split(text.removeprefix(_BOM)):
        crc = zlib.crc32(line.encode(), crc)
    return crc - 2**32 if crc >= 2**31 else crc
