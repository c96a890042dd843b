"""Find out whether the user trusts a project, and what koonj.toml makes koonj run or read."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from koonj.config.rehearsal import switched
from koonj.config.settings import Password, ProjectFolders, ScratchPlace, Ssh, Target, Trust
from koonj.trusted_folders import trusted

VARIABLE = "KOONJ_TRUST"


def trust_of(
    places: ProjectFolders, targets: Sequence[Target], scratch: ScratchPlace, environ: Mapping[str, str]
) -> Trust:
    """Return whether the user trusts the project.

    KOONJ_TRUST has priority over what is stored.

    Raises:
        ConfigError: KOONJ_TRUST is neither yes nor no.
    """
    folders = real_folders(places)
    secrets = tuple(_secrets(targets, scratch))
    commands_hash = _hash(targets, scratch)
    switch = switched(environ, VARIABLE)
    known = trusted(environ) if switch is None else {}
    are_known = bool(folders) and all(folder in known for folder in folders)
    is_same = are_known and known[folders[0]].commands_hash == commands_hash
    return Trust(
        given=is_same if switch is None else switch,
        folders=folders,
        secrets=secrets,
        tunnels=tuple(_tunnels(targets)),
        scratch_dsn=scratch.dsn,
        commands_hash=commands_hash,
        has_changed=are_known and not is_same,
    )


def real_folders(places: ProjectFolders) -> tuple[Path, ...]:
    """Return the real path of the project's root, and that of its migrations if they are outside it."""
    root, migrations = places.root.resolve(), places.migrations.resolve()
    return (root,) if migrations.is_relative_to(root) else (root, migrations)


def accepts_others(root: Path, environ: Mapping[str, str]) -> bool:
    """Return whether the user trusts this folder although other users own it or can write to it.

    Raises:
        ConfigError: KOONJ_TRUST is neither yes nor no.
    """
    switch = switched(environ, VARIABLE)
    if switch is not None:
        return switch
    record = trusted(environ).get(root.resolve())
    return record is not None and record.accepts_others


def _secrets(targets: Sequence[Target], scratch: ScratchPlace) -> Iterator[tuple[str, Password]]:
    for target in targets:
        if target.declared and target.password is not None:
            yield f"targets.{target.name}", target.password
    if scratch.password is not None:
        yield "scratch", scratch.password


def _tunnels(targets: Sequence[Target]) -> Iterator[tuple[str, Ssh]]:
    for target in targets:
        if target.declared and target.ssh is not None:
            yield f"targets.{target.name}", target.ssh


def _hash(targets: Sequence[Target], scratch: ScratchPlace) -> str:
    """Return a hash of everything that runs a command, and of every server that gets a password.

    So a change of a target without a password and a bastion does not make koonj ask again.
    """
    of_targets = [
        [*_plain(t.name, t.dsn, t.password), *([] if t.ssh is None else [t.ssh.host, *t.ssh.options])]
        for t in targets
        if t.declared and (t.password is not None or t.ssh is not None)
    ]
    listed = [*sorted(of_targets), _plain("", scratch.dsn or "", scratch.password)]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest()


def _plain(name: str, dsn: str, password: Password | None) -> list[str]:
    if password is None:
        return [name, dsn, "", ""]
    account = [password.account] if password.account else []
    return [name, dsn, password.source, os.fspath(password.value), *account]
