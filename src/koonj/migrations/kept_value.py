"""Values of a migration that are kept in the parse cache, and how each kind is stored."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import astuple, dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from koonj.migrations.parse_cache import ParseCache
from koonj.sql.problem import PatternOffer, Problem, Severity

if TYPE_CHECKING:
    from koonj.sql.fingerprint import Fingerprints

_T = TypeVar("_T")


class CachedFile(Protocol):
    """A file that can have values in the parse cache."""

    @property
    def file_hash(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""

    @property
    def cache(self) -> ParseCache | None:
        """The cache with its values, if there is one."""


_File = TypeVar("_File", bound=CachedFile)


@dataclass(frozen=True, slots=True)
class Form(Generic[_T]):
    """How a kind of value is stored: as what JSON can represent, but not None."""

    plain: Callable[[_T], object]
    value: Callable[[Any], _T]
    """Raises TypeError, ValueError or AttributeError if the plain value has another form."""


def known(file: CachedFile, name: str, form: Form[_T]) -> _T | None:
    """Return the value of a property from the parse cache; None if it is not there."""
    plain = None if file.cache is None else file.cache.find(file.file_hash, name)
    if plain is not None:
        with suppress(TypeError, ValueError, AttributeError):  # a value of another form is not known
            return form.value(plain)
    return None


def kept(form: Form[_T]) -> Callable[[Callable[[_File], _T]], Callable[[_File], _T]]:
    """Let a property of a file take its value from the parse cache, or add it there.

    Only for what the bytes of the file alone decide.
    """

    def decorate(find: Callable[[_File], _T]) -> Callable[[_File], _T]:
        name = find.__name__

        @wraps(find)
        def value(file: _File) -> _T:
            stored = known(file, name, form)
            if stored is not None:
                return stored
            found = find(file)
            if file.cache is not None:
                file.cache.add(file.file_hash, name, form.plain(found))
            return found

        return value

    return decorate


def problem_of(plain: list[Any]) -> Problem:
    """Return the problem whose fields `astuple` has made plain."""
    code, severity, message, hint, line, column, pattern, in_rollback_file = plain
    offer = None
    if pattern is not None:
        key, values, replaces, missing = pattern
        offer = PatternOffer(key, _pairs(values), replaces, _pairs(missing))
    return Problem(code, Severity(severity), message, hint, line, column, offer, in_rollback_file)


def _pairs(plain: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in plain)


def _text(plain: Any) -> str:
    if not isinstance(plain, str):
        raise TypeError(plain)
    return plain


def _list(plain: Any) -> list[Any]:
    if not isinstance(plain, list):
        raise TypeError(plain)
    return plain


def _prints(plain: Any) -> Fingerprints:
    from koonj.sql.fingerprint import Fingerprints  # noqa: PLC0415 - brings the parser

    return Fingerprints(*map(_text, plain))


PROBLEMS: Form[tuple[Problem, ...]] = Form(
    lambda problems: [astuple(problem) for problem in problems] or False,
    lambda plain: () if plain is False else tuple(problem_of(one) for one in plain),
)
TEXT: Form[str] = Form(str, _text)
TEXTS: Form[tuple[str, ...]] = Form(
    lambda texts: list(texts) or False,
    lambda plain: () if plain is False else tuple(map(_text, _list(plain))),
)
PRINTS: Form[Fingerprints] = Form(astuple, _prints)
