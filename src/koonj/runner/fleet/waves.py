"""How several targets are divided into waves: first a canary, then the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

REST = "rest"
"""The word for a wave of all targets that are left."""


@dataclass(frozen=True, slots=True)
class Waves:
    """The sizes of the waves. What is left after them is the last wave."""

    sizes: tuple[int, ...] = (1,)

    @classmethod
    def of(cls, text: str) -> Waves:
        """Return the waves of ``1,5,rest``. `rest` can be left out.

        Raises:
            ValueError: it is not such a list.
        """
        words = [word.strip() for word in text.split(",")]
        if words[-1] == REST:
            words.pop()
        sizes = tuple(int(word) for word in words if word.isascii() and word.isdigit())
        if len(sizes) != len(words) or 0 in sizes:
            raise ValueError(f"{text!r} is not a list of numbers such as 1,5,{REST}")
        return cls(sizes)

    def of_targets(self, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Return the names in waves, in their order. There is no empty wave."""
        waves, at = [], 0
        for size in self.sizes:
            waves.append(tuple(names[at : at + size]))
            at += size
        waves.append(tuple(names[at:]))
        return tuple(wave for wave in waves if wave)


CANARY = Waves()
"""One target first, then all others."""
