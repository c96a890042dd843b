"""Every regular expression matches the same on every Python that koonj supports.

Python 3.11.0 to 3.11.4 match a possessive repeat of more than one character class wrongly: after the group has
failed, they go on from where it failed (https://github.com/python/cpython/issues/106052). ``(?:ab?c)*+`` matches
the whole of ``a``. With a capturing group inside, this lasts until 3.12.7
(https://github.com/python/cpython/issues/101955). A possessive repeat of one character class, such as ``[^']*+``,
and an atomic group are right everywhere, so write ``(?>(?:ab?c)*)``. Debian 12 has Python 3.11.2.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import itertools
import pkgutil
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from pathlib import Path
from types import ModuleType

import pytest

import koonj
from koonj.sql.lexer.first_words import WATCHED

compiler, constants, parser = (
    importlib.import_module(f"re._{name}") for name in ("compiler", "constants", "parser")
)
"""Only these modules of Python know the parts of a pattern."""
SOURCE = Path(koonj.__file__).parent
WORDS: dict[str, list[object]] = {"watched": [WATCHED], "expression": ["a"]}
"""The values of the arguments, of functions that return a pattern, whose type does not list them."""


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("(?:ab?c)*+", True),
        ("x(?:a|bc){0,64}+", True),
        ("(?:x|(?=(?:ab)?+))", True),
        ("(a)*+", True),
        ("[^']*+(?:''[^']*+)*", False),
        ("(?>(?:ab?c)*)", False),
        ("(?:[a-z])++", False),
    ],
)
def test_wrong_repeat_is_recognized(pattern: str, *, wrong: bool) -> None:
    assert _has_wrong_repeat(re.compile(pattern)) is wrong


def test_no_pattern_has_a_repeat_that_an_old_python_matches_wrongly() -> None:
    patterns = {pattern for module in _modules() for pattern in _compiled(module)} | set(_written())
    texts = " ".join(pattern.pattern for pattern in patterns if isinstance(pattern.pattern, str))
    assert all(part in texts for part in ("(?P<semicolon>;)", "(?P<operator>", r"\bwhere\b", "[^\\x00-#%"))
    assert [pattern.pattern for pattern in patterns if _has_wrong_repeat(pattern)] == []


_POSSESSIVE = re.compile(r"[*+?}]\+")


def _has_wrong_repeat(pattern: re.Pattern[str] | re.Pattern[bytes]) -> bool:
    return _POSSESSIVE.search(str(pattern.pattern)) is not None and any(
        operation is constants.POSSESSIVE_REPEAT and not compiler._simple(arguments[2])
        for operation, arguments in _operations(parser.parse(pattern.pattern, pattern.flags))
    )


def _operations(parsed: object) -> Iterator[tuple[object, typing.Any]]:
    """Yield every operation with its arguments, those of the groups too."""
    if isinstance(parsed, tuple) and len(parsed) == 2 and isinstance(parsed[0], type(constants.ANY)):
        yield parsed
    if isinstance(parsed, (tuple, list, parser.SubPattern)):
        for part in parsed:
            yield from _operations(part)


def _modules() -> Iterator[ModuleType]:
    """Import the modules that use ``re``, and yield them."""
    for found in pkgutil.walk_packages([str(SOURCE)], "koonj."):
        file = SOURCE.joinpath(*found.name.split(".")[1:])
        text = (file / "__init__.py" if found.ispkg else file.with_suffix(".py")).read_text(encoding="utf-8")
        if re.search(r"^import re$", text, re.MULTILINE):
            yield importlib.import_module(found.name)


def _compiled(module: ModuleType) -> Iterator[re.Pattern[str]]:
    """Yield the patterns of the module, and those that its functions return, for every argument."""
    for value in vars(module).values():
        function = inspect.unwrap(value) if callable(value) else None
        if isinstance(value, re.Pattern):
            yield value
        elif inspect.isfunction(function) and "Pattern[str]" in str(function.__annotations__.get("return")):
            yield from _returned(function)


def _returned(
    function: Callable[..., re.Pattern[str] | Iterable[re.Pattern[str]]],
) -> Iterator[re.Pattern[str]]:
    hints = typing.get_type_hints(function)
    names = list(inspect.signature(function).parameters)
    for arguments in itertools.product(*(_values(name, hints[name]) for name in names)):
        found = function(**dict(zip(names, arguments, strict=True)))
        yield from [found] if isinstance(found, re.Pattern) else found


def _values(name: str, kind: type) -> Iterable[object]:
    if kind is bool:
        return (False, True)
    return kind if issubclass(kind, Enum) else WORDS[name]


def _written() -> Iterator[re.Pattern[str]]:
    """Yield the texts in the source that are a regular expression, such as those of ``re.search("…", text)``."""
    for file in sorted(SOURCE.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)) if _POSSESSIVE.search(text) else ():
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _POSSESSIVE.search(node.value)
            ):
                try:
                    yield re.compile(node.value)
                except re.error:
                    continue
