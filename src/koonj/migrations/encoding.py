"""Check that a file's bytes are text that PostgreSQL accepts."""

from koonj.sql.problem import Problem, Severity

_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def problem(raw: bytes) -> Problem | None:
    """Return why these bytes are not a script (not UTF-8, a NUL byte), or None."""
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as error:
        return _not_utf8(raw, error.start)
    nul = raw.find(b"\0")
    return None if nul < 0 else _nul(raw, nul)


def _not_utf8(raw: bytes, at: int) -> Problem:
    line, column = _position(raw, at)
    if raw.startswith(_UTF16):
        message, hint = "The file is UTF-16, not UTF-8.", "Save it as UTF-8: iconv -f UTF-16 -t UTF-8."
    else:
        message = f"The file is not UTF-8: byte 0x{raw[at]:02x} at offset {at} is not part of a character."
        hint = "Save it as UTF-8; if it was written as Latin-1: iconv -f LATIN1 -t UTF-8."
    return Problem("not-utf8", Severity.ERROR, message, hint, line, column)


def _nul(raw: bytes, at: int) -> Problem:
    line, column = _position(raw, at)
    return Problem(
        "nul-byte",
        Severity.ERROR,
        f"The file has a NUL byte at offset {at}; PostgreSQL does not accept NUL bytes in text.",
        "Remove it. To store a NUL byte, use a bytea ('\\x00'); text cannot store it.",
        line,
        column,
    )


def _position(raw: bytes, at: int) -> tuple[int, int]:
    """Return line and column (1-based, in characters) of a byte.

    All bytes before it must be valid UTF-8.
    """
    before = raw[:at].decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    line_start = before.rfind("\n") + 1
    return before.count("\n") + 1, len(before) - line_start + 1
