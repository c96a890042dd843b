"""The queries, one file each. A query that koonj sends is here, or is composed with psycopg.sql beside its use."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of ``queries/NAME.sql``."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
