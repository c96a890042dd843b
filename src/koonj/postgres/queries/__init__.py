"""The SQL texts that koonj sends, one file each.

Other SQL is composed with psycopg.sql next to its use.
"""

import re
from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """Return the text of ``queries/NAME.sql``."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")


@cache
def numbered(name: str) -> tuple[bytes, tuple[str, ...]]:
    """Return a query with ``$1`` for each distinct ``%(value)s``, and the names of the values in order."""
    names: list[str] = []

    def number(found: re.Match[str]) -> str:
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return re.sub(r"%\((\w+)\)s", number, query(name)).encode(), tuple(names)
