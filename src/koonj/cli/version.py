"""Implement `koonj --version`: the versions that a bug report needs."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from importlib import metadata

from koonj import __version__, release_contents


def version_lines() -> tuple[str, ...]:
    """Return one line each for koonj, Python, psycopg with its libpq, and Textual.

    In a release file, one more line says what is in it.
    """
    return (
        f"koonj {__version__}",
        f"Python {platform.python_version()}",
        f"psycopg {installed('psycopg')} ({_libpq()})",
        f"Textual {installed('textual')}",
        *_release_lines(),
    )


def _release_lines() -> Iterator[str]:
    if release_contents.FILE_NAME:
        contents = ", ".join(f"{name} {version}" for name, version in release_contents.PACKAGES)
        yield (
            f"{release_contents.FILE_NAME} {release_contents.DIGEST[:16]}, "
            f"with bytecode for Python {release_contents.PYTHON}: {contents}"
        )


def installed(package: str) -> str:
    """Return the version of an installed package without importing it."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _libpq() -> str:
    """Return which libpq psycopg uses.

    Only the loaded library knows its version, so this imports psycopg.
    """
    try:
        from psycopg import pq  # noqa: PLC0415 - no other line needs it, and it takes 0.1 s
    except ImportError as error:  # this may be the problem that the user wants to report
        return " ".join(f"cannot be loaded: {error}".split())
    major, minor = divmod(pq.version(), 10_000)  # since PostgreSQL 10: 180006 is 18.6
    return f"libpq {major}.{minor}, {pq.__impl__}"
