"""Define what the value of a field names in a database, for example a column of another field's table."""

import re
from dataclasses import dataclass
from enum import StrEnum


class CatalogThing(StrEnum):
    """The kinds of objects that a field can name."""

    SCHEMA = "schema"
    TABLE = "table"
    VIEW = "view"
    MATERIALIZED_VIEW = "materialized view"
    COLUMN = "column"
    INDEX = "index"
    CONSTRAINT = "constraint"
    PARTITION = "partition"
    SEQUENCE = "sequence"
    FUNCTION = "function"
    TRIGGER = "trigger"
    POLICY = "policy"
    TYPE = "type"
    ROLE = "role"
    EXTENSION = "extension"
    DEFINITION = "definition"
    """What the database says about an object: how an index is built, a constraint's condition, a comment, ….

    A rollback needs it to make the object again.
    """


PARTS = frozenset(
    {
        CatalogThing.COLUMN,
        CatalogThing.CONSTRAINT,
        CatalogThing.PARTITION,
        CatalogThing.TRIGGER,
        CatalogThing.POLICY,
    }
)
"""What belongs to a table."""
_NEEDS_OF = PARTS | {CatalogThing.DEFINITION}
_FORM = re.compile(r"(?P<new>new )?(?P<thing>[a-z ]+?)(?: of (?P<of>[a-z][a-z0-9_]*))?")


class CatalogReferenceError(ValueError):
    """Raised for text that is not a catalog reference. The message says why."""


@dataclass(frozen=True, slots=True)
class CatalogReference:
    """What a value names: ``column of table``, ``new index of table``."""

    thing: CatalogThing
    new: bool
    """The object must not exist yet; otherwise it must exist."""
    of: str | None
    """Name of the field with the table or schema that the object belongs to."""


def read_catalog_reference(text: str) -> CatalogReference:
    """Read ``[new] THING [of FIELD]``; a thing can be in the plural.

    Raises:
        CatalogReferenceError: the text has another form.
    """
    found = _FORM.fullmatch(" ".join(text.split()))
    thing = None if found is None else _thing(found["thing"])
    if found is None or thing is None:
        raise CatalogReferenceError(
            f"{text} is not in the form [new] THING [of FIELD]. THING is one of: {', '.join(CatalogThing)}."
        )
    if thing in _NEEDS_OF and found["of"] is None:
        raise CatalogReferenceError(f"Say which field has its table or object: {text} of table.")
    return CatalogReference(thing, new=found["new"] is not None, of=found["of"])


def _thing(word: str) -> CatalogThing | None:
    plurals = (word, word.removesuffix("s"), word.removesuffix("ices") + "ex", word.removesuffix("ies") + "y")
    return next((CatalogThing(one) for one in plurals if one in set(CatalogThing)), None)
