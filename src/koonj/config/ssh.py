"""Read the bastion of a target: ``ssh = "bastion"`` or ``ssh = { host = …, options = […] }``."""

from __future__ import annotations

from pathlib import Path

from koonj.config.settings import EMBEDDED, Ssh
from koonj.config.toml_file import TomlFile


def ssh_of(file: TomlFile, keys: tuple[str, ...], dsn: str, root: Path) -> Ssh:
    """Return the bastion under these keys, which exist.

    Raises:
        TomlError: the value is not a bastion, or the target cannot have one.
    """
    value = file.table(keys[:-1]).get(keys[-1])
    if dsn == EMBEDDED:
        file.fail(keys, 'ssh is not for dsn = "embedded", which runs on this machine.')
    if isinstance(value, str):
        return Ssh(_host(file, keys, value), (), str(root), _where(file, keys))
    if not isinstance(value, dict):
        file.fail(keys, 'write ssh = "HOST", or ssh = { host = "HOST", options = ["-F", "FILE"] }.')
    file.only(keys, ("host", "options"))
    host = file.get((*keys, "host"), str)
    if host is None:
        file.fail(keys, 'ssh has no host. Write ssh = { host = "HOST", options = […] }.')
    return Ssh(_host(file, (*keys, "host"), host), _options(file, keys), str(root), _where(file, keys))


def _host(file: TomlFile, keys: tuple[str, ...], host: str) -> str:
    if not host or host.startswith("-") or not host.isprintable() or " " in host:
        file.fail(
            keys,
            "the host must be one word that does not start with a hyphen: a Host of your ~/.ssh/config, or "
            "USER@NAME.",
        )
    return host


def _options(file: TomlFile, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the options: words for ssh, each as it is."""
    given: list[object] = file.get((*keys, "options"), list) or []
    for word in given:
        if not isinstance(word, str) or not word or "\0" in word:
            file.fail((*keys, "options"), 'options must be an array of words, such as ["-F", "ssh_config"].')
    return tuple(str(word) for word in given)


def _where(file: TomlFile, keys: tuple[str, ...]) -> str:
    return f"{file.shown}:{file.line(keys)}"
