"""The queries, one file each. What koonj sends is here, or composed with psycopg.sql beside its use."""

from functools import cache
from importlib.resources import files


@cache
def query(name: str) -> str:
    """The text of ``queries/NAME.sql``."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
