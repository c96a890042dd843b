"""Find names and texts by what somebody types: a part of them, or some of their letters in order."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_PART = 3
"""Rank of a text that has what was typed inside a word."""
_LETTERS = 4
"""Rank of a text that only has the letters, in order."""


def rank(typed: str, text: str) -> tuple[int, int] | None:
    """Return how well `text` matches what was typed, the best with the lowest; None if it does not.

    The text itself, its start, the start of one of its words, a part of it, its letters in order; and then
    the shorter text. Upper and lower case are the same.
    """
    sought, whole = typed.casefold(), text.casefold()
    if sought == whole:
        return 0, len(whole)
    at = whole.find(sought)
    if at < 0:
        return (_LETTERS, len(whole)) if _in_order(sought, whole) else None
    if at == 0:
        return 1, len(whole)
    starts = any(whole.startswith(sought, n) for n in range(1, len(whole)) if not whole[n - 1].isalnum())
    return 2 if starts else _PART, len(whole)


def best_names(names: Iterable[Item], typed: str, text: Callable[[Item], str]) -> tuple[Item, ...]:
    """Return the items whose text matches, the best first; all of them in their order for nothing typed.

    Those that only have the letters are left out if another one matches.
    """
    if not typed:
        return tuple(names)
    ranked = [(found, item) for item in names if (found := rank(typed, text(item))) is not None]
    ranked.sort(key=lambda pair: pair[0])
    better = [item for found, item in ranked if found[0] < _LETTERS]
    return tuple(better or [item for _, item in ranked])


def best_texts(
    items: Sequence[Item], typed: str, texts: Callable[[Item], Sequence[Sequence[str]]]
) -> tuple[Item, ...]:
    """Return the items of which each typed word is in one of the texts, the best first.

    An item has groups of texts, from those that say most to those that say least. What matches equally well
    stays in the order of the items. If no item has all words, those are found of which a text of the first
    group has the letters in order.
    """
    words = typed.split()
    if not words:
        return tuple(items)
    ranked = [(found, item) for item in items if (found := _rank_of_words(words, texts(item))) is not None]
    if ranked:
        return tuple(item for _, item in sorted(ranked, key=lambda pair: pair[0]))
    letters = "".join(words).casefold()
    return tuple(
        item for item in items if any(_in_order(letters, text.casefold()) for text in texts(item)[0])
    )


def _rank_of_words(words: Sequence[str], texts: Sequence[Sequence[str]]) -> tuple[int, int] | None:
    found = [one for word in words if (one := _rank_of_word(word, texts)) is not None]
    if len(found) < len(words):
        return None
    whole = " ".join(words)
    phrases = (
        ranked[0] + n
        for n, group in enumerate(texts)
        for text in group
        if (ranked := rank(whole, text)) is not None
    )
    return min(phrases, default=_LETTERS), sum(found)


def _rank_of_word(word: str, texts: Sequence[Sequence[str]]) -> int | None:
    """Return the number of the first group that has the word; a part of a word weighs two groups more."""
    groups = (
        n if one[0] < _PART else n + 2
        for n, group in enumerate(texts)
        for text in group
        if (one := rank(word, text)) is not None and one[0] < _LETTERS
    )
    return min(groups, default=None)


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)
