"""Write an archive that Python runs, with the same bytes each time."""

from __future__ import annotations

import marshal
import struct
import zipfile
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path

_FIRST_LINE = b"#!/usr/bin/env python3\n"
_DATE = (1980, 1, 1, 0, 0, 0)
"""The date of every file in it, which is the first that a zip file can have."""
_MODE = 0o100644
_LEVEL = 6
"""Level 9 takes three times as long, and saves 1 %."""
_MARSHAL = 2
"""The last version without references, which depend on what else the process has compiled or imported."""
_UNCHECKED = 0b01
"""Bytecode is found by a hash of its source, which Python does not compare (PEP 552)."""


def with_bytecode(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files, and next to each Python file its bytecode for this version of Python.

    Other versions use the Python files.
    """
    compiled = {
        f"{path}c": _bytecode(path, content)
        for path, content in sorted(files.items())
        if path.endswith(".py")
    }
    return {**files, **compiled}


def digest(files: Mapping[str, bytes]) -> str:
    """Return a hash of the names and contents of files."""
    whole = sha256()
    for path, content in sorted(files.items()):
        whole.update(f"{path} {len(content)} {sha256(content).hexdigest()}\n".encode())
    return whole.hexdigest()


def write_archive(target: Path, files: Mapping[str, bytes]) -> None:
    """Write the archive; the user can run it as a program."""
    with target.open("wb") as file:
        file.write(_FIRST_LINE)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
            for path, content in sorted(files.items()):
                entry = zipfile.ZipInfo(path, _DATE)
                entry.external_attr = _MODE << 16
                entry.create_system = 3  # Unix, on every machine
                entry.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(entry, content, compresslevel=_LEVEL)
    target.chmod(0o755)


@cache
def _bytecode(path: str, content: bytes) -> bytes:
    code = compile(content, path, "exec", dont_inherit=True, optimize=0)
    return MAGIC_NUMBER + struct.pack("<L", _UNCHECKED) + source_hash(content) + marshal.dumps(code, _MARSHAL)
