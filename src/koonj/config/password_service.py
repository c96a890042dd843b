"""Read the sources of passwords that a service keeps or makes: tokens of Amazon RDS, and the keyring."""

from __future__ import annotations

import re

from koonj.config.server import keywords_of
from koonj.config.settings import Password
from koonj.config.toml_file import TomlFile

_RDS_HOST = re.compile(r"[^.]+\.[^.]+\.([a-z0-9-]+)\.rds\.amazonaws\.com(?:\.cn)?", re.IGNORECASE)
"""NAME.ID.REGION.rds.amazonaws.com.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ConnectToPostgreSQLInstance.html
"""


def aws_rds(file: TomlFile, keys: tuple[str, ...], dsn: str) -> Password:
    """Return the source of a token of Amazon RDS: ``{ region = …, profile = … }``.

    Raises:
        TomlError: the value or the dsn cannot be used.
    """
    file.only(keys, ("region", "profile"))
    region, profile = _text(file, (*keys, "region")), _text(file, (*keys, "profile"))
    parts = keywords_of(dsn)
    host, user = parts.get("host", ""), parts.get("user", "")
    if not user or not host or "," in host or host.startswith(("/", "@")):
        file.fail(keys, "a token of aws_rds is for one host and one user. Write host=… and user=… in dsn.")
    if parts.get("sslmode") != "verify-full":
        file.fail(
            keys,
            "aws_rds needs sslmode=verify-full in dsn, because a token is a password that is sent as it is. "
            "Add sslrootcert=FILE with the certificates of RDS.",
        )
    found = _RDS_HOST.fullmatch(host)
    region = region or (found[1] if found is not None else "")
    login = (host, parts.get("port", ""), user)
    return Password("aws_rds", region, _where(file, keys), account=profile, login=login)


def keyring(file: TomlFile, keys: tuple[str, ...], dsn: str) -> Password:
    """Return an entry of the keyring: ``"SERVICE"`` or ``{ service = …, user = … }``.

    Raises:
        TomlError: the value cannot be used.
    """
    user = keywords_of(dsn).get("user", "")
    if isinstance(file.table(keys[:-1]).get(keys[-1]), str):
        service = _text(file, keys)
    else:
        file.only(keys, ("service", "user"))
        service, user = _text(file, (*keys, "service")), _text(file, (*keys, "user")) or user
    if not service:
        file.fail(keys, 'keyring needs a service. Write keyring = "SERVICE", the name of the entry.')
    if not user:
        file.fail(
            keys,
            "an entry of the keyring has a user. Write user=… in dsn, or "
            'keyring = { service = "…", user = "…" }.',
        )
    return Password("keyring", service, _where(file, keys), account=user)


def _text(file: TomlFile, keys: tuple[str, ...]) -> str:
    text = file.get(keys, str) or ""
    if not text.isprintable() or text.startswith("-"):
        file.fail(keys, f"{keys[-1]} must be printable, and must not start with a hyphen.")
    return text


def _where(file: TomlFile, keys: tuple[str, ...]) -> str:
    return f"{file.shown}:{file.line(keys)}"
