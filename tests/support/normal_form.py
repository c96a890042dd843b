"""Compare statements as psql sends them with statements as a file contains them."""

import re

_LETTER = r"A-Za-z_\x80-\U0010ffff"
_TOKEN = re.compile(
    rf"""(?P<blank>(?:[ \t\n\r\f\v]|--[^\n\r]*)+)
    | (?P<comment>/\*)
    | (?P<quoted>[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'|'[^']*'|"[^"]*")
    | (?P<dollar>\$(?:[{_LETTER}][{_LETTER}0-9]*)?\$)
    | (?P<word>[{_LETTER}][{_LETTER}0-9$]*(?<![eE](?='))|[eE](?!')|[0-9][{_LETTER}0-9]*|\$[0-9]+)
    | (?P<other>[\s\S])""",
    re.VERBOSE,
)


def normal_form(statement: str) -> str:
    """Remove comments and final semicolons, and reduce blanks outside quotes to one."""
    parts = []
    at = 0
    while at < len(statement):
        found = _TOKEN.match(statement, at)
        assert found
        at = found.end()
        if found["blank"]:
            parts.append(" ")
        elif found["comment"]:
            at = _end_of_comment(statement, found.start())
            parts.append(" ")
        elif found["dollar"]:
            end = statement.find(found[0], at)
            at = len(statement) if end < 0 else end + len(found[0])
            parts.append(statement[found.start() : at])
        else:
            parts.append(found[0])
    dense = re.sub(r"\n[ \t\r]*\n", "\n", "".join(parts))  # psql omits empty lines
    return re.sub(r" {2,}", " ", dense).strip(" \t\r\n;\ufeff")


def _end_of_comment(text: str, at: int) -> int:
    depth = 0
    for mark in re.finditer(r"/\*|\*/", text[at:]):
        depth += 1 if mark[0] == "/*" else -1
        if not depth:
            return at + mark.end()
    return len(text)
