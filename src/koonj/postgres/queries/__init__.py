"""The queries, one file each. A query that koonj sends is here, or is composed with psycopg.sql beside its use."""

from functools import cache
from importlib.resources import files
from typing import LiteralString, cast


@cache
def query(name: str) -> LiteralString:
    """The text of ``queries/NAME.sql``."""
    text = files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
    return cast("LiteralString", text)  # it is the package's own file, as literal as text in a module
