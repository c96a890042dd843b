"""What sqitch.conf says about PostgreSQL: the plan, the folders of scripts, the schema of the registry.

Source: sqitch 1.3.1, App::Sqitch::Target; Config::GitLike 1.18, parse_content. Settings of one target are
not used.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass

_SECTION = re.compile(r"""\s*\[\s*([-.0-9A-Za-z]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]""")
_KEY = re.compile(r"\s*([A-Za-z][-0-9A-Za-z_]*)\s*=\s*(.*)")
_VALUE = re.compile(
    r"""(?P<end>[ \t]*(?:[#;].*)?$)|(?P<blank>[ \t]+)|\\(?P<escaped>[\\'"ntb])"""
    r"""|"(?P<quoted>[^"\\]*(?:\\[tbn"\\][^"\\]*)*)"|(?P<plain>[^\t \\"]+)"""
)
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "\\": "\\"}


@dataclass(frozen=True, slots=True)
class SqitchSettings:
    """The settings that koonj uses. The folders are relative to that of sqitch.conf."""

    plan: str = "sqitch.plan"
    deploy: str = "deploy"
    revert: str = "revert"
    extension: str = "sql"
    registry: str = "sqitch"
    """The schema with the history."""
    user_name: str = ""
    user_mail: str = ""
    """Who deploys, if the configuration says it."""


def sqitch_settings(text: str) -> SqitchSettings:
    """Return the settings of a configuration. Lines that have no form are ignored."""
    found = sqitch_values(text)

    def value(key: str, default: str) -> str:
        return found.get(f"engine.pg.{key}") or found.get(f"core.{key}") or default

    top = value("top_dir", ".")
    return SqitchSettings(
        plan=posixpath.normpath(value("plan_file", posixpath.join(top, "sqitch.plan"))),
        deploy=posixpath.normpath(value("deploy_dir", posixpath.join(top, "deploy"))),
        revert=posixpath.normpath(value("revert_dir", posixpath.join(top, "revert"))),
        extension=value("extension", "sql"),
        registry=found.get("engine.pg.registry") or found.get("core.pg.registry") or "sqitch",
        user_name=found.get("user.name", ""),
        user_mail=found.get("user.email", ""),
    )


def sqitch_values(text: str) -> dict[str, str]:
    """Return the values by ``section.subsection.key``."""
    found: dict[str, str] = {}
    section = ""
    for line in text.splitlines():
        header = _SECTION.match(line)
        if header is not None:
            section = ".".join(filter(None, (header[1].lower(), header[2])))
            continue
        key = _KEY.fullmatch(line)
        if key is not None:
            found[f"{section}.{key[1].lower()}"] = _value(key[2])
    return found


def _value(written: str) -> str:
    """Return a value without its quotes and the comment after it, as Perl's Config::GitLike reads it.

    Between quotes, that keeps the backslash before a quote.
    """
    parts: list[str] = []
    place = 0
    while (found := _VALUE.match(written, place)) is not None and found.lastgroup != "end":
        text = found[str(found.lastgroup)]
        if found.lastgroup == "blank":
            text = " "
        elif found.lastgroup == "escaped":
            text = _ESCAPES.get(text, text)
        elif found.lastgroup == "quoted":
            for letter, meant in _ESCAPES.items():
                text = text.replace(f"\\{letter}", meant)
        parts.append(text)
        place = found.end()
    return "".join(parts).strip()
