"""Read [scratch] and [policy] of koonj.toml.

[scratch] sets the scratch server, [policy] which targets require a verified rollback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from koonj.config import dsn as dsn_rules
from koonj.config.password import password_of
from koonj.config.server import same_server
from koonj.config.settings import EMBEDDED, ConfigError, ScratchPlace, Target
from koonj.config.toml_file import TomlFile, did_you_mean

KEYS = ("scratch", "policy")
"""Tables of the top level."""
_VERIFIED, _OFF = "verified", "off"
_REQUIRE = (_VERIFIED, _OFF)
_SWITCH = "KOONJ_REHEARSE"
_NO, _YES = ("0", "no", "off", "false"), ("1", "yes", "on", "true")


def requires_verified(file: TomlFile, target: Sequence[str], *, protected: bool) -> bool:
    """Return whether the target under these keys requires a verified rollback.

    The target's own policy has priority over the [policy] for all targets.

    Raises:
        TomlError: a policy is invalid.
    """
    own = _require(file, (*target, "policy"))
    return own if own is not None else requires_by_default(file, protected=protected)


def requires_by_default(file: TomlFile | None, *, protected: bool = False) -> bool:
    """Return what [policy] requires of every target.

    If it says nothing, only a protected target requires a verified rollback.

    Raises:
        TomlError: the policy is invalid.
    """
    everywhere = None if file is None else _require(file, ("policy",))
    return protected if everywhere is None else everywhere


def place(
    file: TomlFile | None, root: Path, targets: Sequence[Target], environ: Mapping[str, str]
) -> ScratchPlace:
    """Return the scratch server for rehearsals.

    Raises:
        TomlError: [scratch] is invalid, or it is the server of a protected target.
    """
    if file is None:
        return ScratchPlace()
    if "ssh" in file.table(("scratch",)):
        file.fail(
            ("scratch", "ssh"),
            "koonj does not go through ssh to a scratch server. Open a tunnel yourself, for example "
            "ssh -N -L 6432:db.internal:5432 bastion, and write its end: host=localhost port=6432.",
        )
    file.only(("scratch",), ("dsn", "password"))
    dsn = file.get(("scratch", "dsn"), str)
    password = password_of(file, ("scratch", "password"), root, dsn)
    if dsn is None or dsn == EMBEDDED:
        if password is not None:
            file.fail(
                ("scratch", "password"),
                "[scratch] has a password but no dsn, so there is no server to log in to.",
            )
        return ScratchPlace()
    wrong = dsn_rules.mistake(dsn) or dsn_rules.secret(dsn)
    if not dsn.strip():
        wrong = "dsn is empty. Set it to a server, or delete the line to use the embedded server."
    if wrong is not None:
        file.fail(("scratch", "dsn"), wrong)
    for target in targets:
        if target.protected and same_server(dsn, target.dsn, environ, is_remote=target.ssh is not None):
            file.fail(
                ("scratch", "dsn"),
                f"[scratch] dsn points to the server of the protected target {target.name}. koonj creates "
                "and drops databases on the scratch server; use a different server.",
            )
    return ScratchPlace(dsn, password)


def switched(environ: Mapping[str, str], variable: str = _SWITCH) -> bool | None:
    """Return whether a variable turns something on or off: by default background rehearsals.

    None if the variable is not set.

    Raises:
        ConfigError: the value is neither yes nor no.
    """
    given = environ.get(variable, "").strip().lower()
    if given and given not in _NO + _YES:
        raise ConfigError(f"{variable}={given}: use 0 or 1.")
    return given in _YES if given else None


def _require(file: TomlFile, keys: tuple[str, ...]) -> bool | None:
    file.only(keys, ("require",))
    said = file.get((*keys, "require"), str)
    if said is None:
        return None
    if said not in _REQUIRE:
        file.fail((*keys, "require"), f"require must be 'verified' or 'off'. {did_you_mean(said, _REQUIRE)}")
    return said == _VERIFIED
