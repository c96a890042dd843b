"""Recognize ALTER TABLE statements that only validate constraints."""

from koonj.sql.reader import Reader


def only_validates(text: str) -> bool:
    """Return whether a statement is ALTER TABLE … VALIDATE CONSTRAINT, and does nothing else.

    It takes SHARE UPDATE EXCLUSIVE: nobody who only reads or writes waits for that, or behind it.
    """
    if "validate" not in text.lower():
        return False
    reader = Reader(text)
    if not reader.accept("alter", "table"):
        return False
    reader.accept("if", "exists")
    reader.accept("only")
    reader.name()
    reader.accept("*")
    while reader.accept("validate", "constraint"):
        reader.name()
        if not reader.accept(","):
            return reader.peek() in {"", ";"}
    return False
