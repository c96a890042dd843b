"""What `koonj doctor` says about this machine: terminal, Python, libpq and other programs."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from koonj import __version__, release_contents
from koonj.child_environment import for_program
from koonj.cli.doctor_line import DoctorLine, error, note, ok
from koonj.cli.missing_libpq import to_get_libpq
from koonj.cli.version import installed
from koonj.sql.display import wants_ascii
from koonj.tui.toolkit import capabilities

_PACKAGES = ("psycopg", "textual", "rich", "pygments", "sqlparse")
_PATIENCE = 10.0


def machine_lines(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Yield the lines about this machine."""
    yield _koonj()
    yield ok("Python", f"{platform.python_version()}, {platform.system()} {platform.machine()}")
    yield ok("packages", ", ".join(f"{name} {installed(name)}" for name in _PACKAGES))
    yield _terminal(environ)
    yield _locale(environ)
    yield libpq_line()
    yield _ssh(environ)


def program_lines(environ: Mapping[str, str]) -> Iterator[DoctorLine]:
    """Yield the lines about PostgreSQL's programs. Requires libpq."""
    from koonj.postgres.embedded.binaries import choose  # noqa: PLC0415 - imports psycopg
    from koonj.postgres.embedded.errors import EmbeddedError  # noqa: PLC0415 - as above
    from koonj.postgres.embedded.program_version import version_of  # noqa: PLC0415 - as above
    from koonj.postgres.embedded.search_paths import absolute_path  # noqa: PLC0415 - as above

    for name, use in (("psql", "koonj does not need it"), ("pg_dump", "rehearsals of some folders need it")):
        found = shutil.which(name, path=absolute_path(environ))
        version = None if found is None else version_of(Path(found))
        if version is None:
            yield note(name, f"not found on PATH; {use}", "To install it: apt install postgresql-client")
        else:
            yield ok(name, ".".join(map(str, version)))
    try:
        binaries = choose(environ)
    except EmbeddedError as problem:
        text = 'not found; rehearsals and dsn = "embedded" need them'
        yield note("server binaries", text, problem.hint)
    else:
        version_text = ".".join(map(str, binaries.version))
        yield ok("server binaries", f"PostgreSQL {version_text} ({binaries.source})")


def has_libpq() -> bool:
    """Whether psycopg finds a libpq."""
    try:
        import psycopg  # noqa: F401, PLC0415 - this is the question
    except ImportError:
        return False
    return True


def libpq_line() -> DoctorLine:
    """Return the line about libpq."""
    if not has_libpq():
        return error("libpq", "cannot be loaded", to_get_libpq())
    from psycopg import pq  # noqa: PLC0415 - see above

    major, minor = divmod(pq.version(), 10_000)
    how = {"python": "of the system", "binary": "of psycopg-binary"}.get(
        pq.__impl__, f"through psycopg {pq.__impl__}"
    )
    return ok("libpq", f"{major}.{minor}, {how}")


def _koonj() -> DoctorLine:
    if not release_contents.FILE_NAME:
        return ok("koonj", __version__)
    text = f"{__version__}, {release_contents.FILE_NAME} {release_contents.DIGEST[:16]}"
    running = ".".join(platform.python_version_tuple()[:2])
    if running == release_contents.PYTHON:
        return ok("koonj", text)
    wanted = f"With Python {release_contents.PYTHON} it starts faster: its bytecode is for that version."
    return note("koonj", text, wanted)


def _terminal(environ: Mapping[str, str]) -> DoctorLine:
    refused = capabilities.refusal(environ, is_tty=sys.stdin.isatty() and sys.stderr.isatty())
    if refused is not None:
        reason = (
            f"TERM is {environ.get('TERM') or 'not set'}"
            if sys.stdin.isatty()
            else "stdin or stderr is not one"
        )
        return note("terminal", reason, "koonj's screen requires a terminal. The commands work without one.")
    found = capabilities.detect(environ, encoding=sys.stderr.encoding)
    columns, rows = os.get_terminal_size(sys.stdin.fileno())
    colours = "true colours" if found.true_colour else "256 colours or fewer"
    parts = (
        environ.get("TERM", ""),
        f"{columns} x {rows}",
        colours if found.colour else "no colours (NO_COLOR)",
        "mouse" if found.mouse else "no mouse",
        *(("over ssh",) if found.remote else ()),
        *(("in tmux",) if "TMUX" in environ else ()),
    )
    return ok("terminal", ", ".join(parts))


def _locale(environ: Mapping[str, str]) -> DoctorLine:
    names = (environ.get(name) for name in ("LC_ALL", "LC_CTYPE", "LANG"))
    chosen = next(filter(None, names), "not set")
    text = f"{chosen}, stdout is {sys.stdout.encoding}"
    if wants_ascii(environ, sys.stdout.encoding):
        return note("locale", f"{text}; koonj draws only ASCII", "For all characters: export LANG=C.UTF-8")
    return ok("locale", text)


def _ssh(environ: Mapping[str, str]) -> DoctorLine:
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    found = shutil.which(
        "ssh", path=os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
    )
    if found is None:
        return note(
            "ssh", "not found on PATH", "Only a bastion needs it. To install it: apt install openssh-client"
        )
    try:
        done = subprocess.run(  # noqa: S603 - the user's own ssh
            (found, "-V"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
            env=for_program(environ),
        )
    except (OSError, subprocess.TimeoutExpired):
        return error("ssh", "does not run", "Check it with: ssh -V")
    version = re.match(r"[\w.]+", done.stderr or done.stdout)
    return ok("ssh", "version not known" if version is None else version[0])
