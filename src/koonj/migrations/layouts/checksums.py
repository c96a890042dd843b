"""Checksums of other tools, which their histories store. Each was compared with values of the tool."""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from functools import lru_cache

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


def liquibase(sql: str) -> str:
    """Return Liquibase's checksum of a changeset in a formatted SQL file, in its form 9.

    `sql`: the lines of the changeset without those that Liquibase reads itself. White space does not count.

    Source: Liquibase 4.28.0, which has written this form since 4.22.
    """
    inner = _md5(sql.translate(_NO_SPACE))
    return "9:" + _md5(f"9:{inner}:")


_NO_SPACE = dict.fromkeys(map(ord, " \n\r\t"))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@lru_cache(maxsize=10_000)
def refinery(name: str, version: int, sql: str, *, wide: bool) -> str:
    """Return refinery's checksum of a migration: SipHash-1-3 of name, version and text, in decimal digits.

    `wide`: whether the program was built with versions of 64 bits. Slow, so results are kept.

    Source: refinery 14354f5, Migration::unapplied; Hash of str and of integers in Rust's library.
    """
    data = b"".join(
        (name.encode(), b"\xff", struct.pack("<q" if wide else "<i", version), sql.encode(), b"\xff")
    )
    return str(_siphash_1_3(data))


_MASK = 2**64 - 1


def _siphash_1_3(data: bytes) -> int:
    """Return SipHash with one round for each block, three at the end, and the key 0: Rust's DefaultHasher.

    Source: Aumasson and Bernstein, SipHash: a fast short-input PRF, section 2.
    """
    state = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)
    whole = len(data) // 8 * 8
    last = (len(data) & 0xFF) << 56 | int.from_bytes(data[whole:], "little")
    for (block,) in (*struct.iter_unpack("<Q", data[:whole]), (last,)):
        v0, v1, v2, v3 = _round(*state[:3], state[3] ^ block)
        state = (v0 ^ block, v1, v2, v3)
    state = (state[0], state[1], state[2] ^ 0xFF, state[3])
    for _ in range(3):
        state = _round(*state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = v0 + v1 & _MASK
    v1 = _rotated(v1, 13) ^ v0
    v0 = _rotated(v0, 32)
    v2 = v2 + v3 & _MASK
    v3 = _rotated(v3, 16) ^ v2
    v0 = v0 + v3 & _MASK
    v3 = _rotated(v3, 21) ^ v0
    v2 = v2 + v1 & _MASK
    v1 = _rotated(v1, 17) ^ v2
    return v0, v1, _rotated(v2, 32), v3


def _rotated(value: int, bits: int) -> int:
    return (value << bits | value >> 64 - bits) & _MASK
