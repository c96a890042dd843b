"""koonj.toml's [scratch] and [policy]: where rehearsals take place, and who wants a verified rehearsal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from koonj.config import dsn as dsn_rules
from koonj.config.password import password_of
from koonj.config.server import same_server
from koonj.config.toml_file import TomlFile, did_you_mean
from koonj.config.values import EMBEDDED, ConfigError, ScratchPlace, Target

KEYS = ("scratch", "policy")
"""Of the top level."""
_VERIFIED, _OFF = "verified", "off"
_REQUIRE = (_VERIFIED, _OFF)
_SWITCH = "KOONJ_REHEARSE"
_NO, _YES = ("0", "no", "off", "false"), ("1", "yes", "on", "true")


def requires_verified(file: TomlFile, target: Sequence[str], *, protected: bool) -> bool:
    """Does the target under these keys want verified rehearsals? Its own word goes first,
    then the one for all.

    Raises TomlError.
    """
    own = _require(file, (*target, "policy"))
    return own if own is not None else requires_by_default(file, protected=protected)


def requires_by_default(file: TomlFile | None, *, protected: bool = False) -> bool:
    """What [policy] says for every target; a protected one wants a verified rehearsal where it says nothing.

    Raises TomlError.
    """
    everywhere = None if file is None else _require(file, ("policy",))
    return protected if everywhere is None else everywhere


def place(
    file: TomlFile | None, root: Path, targets: Sequence[Target], environ: Mapping[str, str]
) -> ScratchPlace:
    """Where rehearsals take place. Raises TomlError, also for the server of a protected target."""
    if file is None:
        return ScratchPlace()
    file.only(("scratch",), ("dsn", "password"))
    dsn = file.get(("scratch", "dsn"), str)
    password = password_of(file, ("scratch", "password"), root)
    if dsn is None or dsn == EMBEDDED:
        if password is not None:
            file.fail(("scratch", "password"), "there is no server to log in to: [scratch] has no dsn.")
        return ScratchPlace()
    wrong = dsn_rules.mistake(dsn) or dsn_rules.secret(dsn)
    if not dsn.strip():
        wrong = "it is empty: name a server, or leave the line out for one that koonj runs itself."
    if wrong is not None:
        file.fail(("scratch", "dsn"), wrong)
    for target in targets:
        if target.protected and same_server(dsn, target.dsn, environ):
            file.fail(
                ("scratch", "dsn"),
                f"[scratch] dsn leads to the server of {target.name}, which is protected: koonj makes and "
                "drops databases where it rehearses. Name another server.",
            )
    return ScratchPlace(dsn, password)


def switched(environ: Mapping[str, str]) -> bool | None:
    """Does koonj rehearse without being asked to? What the variable says; None where it is not set.

    Raises ConfigError.
    """
    given = environ.get(_SWITCH, "").strip().lower()
    if given and given not in _NO + _YES:
        raise ConfigError(f"{_SWITCH}={given}: write 0 or 1.")
    return given in _YES if given else None


def _require(file: TomlFile, keys: tuple[str, ...]) -> bool | None:
    file.only(keys, ("require",))
    said = file.get((*keys, "require"), str)
    if said is None:
        return None
    if said not in _REQUIRE:
        file.fail((*keys, "require"), f"require must be 'verified' or 'off'. {did_you_mean(said, _REQUIRE)}")
    return said == _VERIFIED
