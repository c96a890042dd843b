"""Read options in parentheses, such as those of REINDEX and CREATE SUBSCRIPTION."""

from collections.abc import Iterator

from koonj.sql.strings import content


def options_of(inside: list[str]) -> dict[str, str]:
    """Return the options in parentheses as a dict; the last one wins if repeated.

    ``(a, b = off, c off)`` becomes a: '', b: 'off', c: 'off'.
    """
    options = {}
    for words in _separated(inside):
        values = [word for word in words[1:] if word != "="]
        options[content(words[0]).lower()] = content(values[0]).lower() if values else ""
    return options


def is_off(value: str | None) -> bool:
    """Return whether an option is given and off.

    The values are those of defGetBoolean in src/backend/commands/define.c.
    """
    return value in {"false", "off", "0"}


def is_on(value: str | None) -> bool:
    """Return whether an option is given and on."""
    return value is not None and not is_off(value)


def _separated(words: list[str]) -> Iterator[list[str]]:
    part: list[str] = []
    for word in [*words, ","]:
        if word != ",":
            part.append(word)
        elif part:
            yield part
            part = []
