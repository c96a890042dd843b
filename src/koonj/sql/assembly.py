"""Turn the lexer's items into numbered statements and problems."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from koonj.sql.effect import effect_of
from koonj.sql.lexer import Item, ItemKind
from koonj.sql.meta_rules import MetaRules
from koonj.sql.problem import Problem, Severity
from koonj.sql.refusal import Refusal
from koonj.sql.statements import Outline, Statement, StatementTraits, classify
from koonj.sql.tokens import significant, significant_texts


def assemble(
    text: str, items: Iterable[Item], locate: Callable[[int], tuple[int, int]]
) -> tuple[tuple[Statement, ...], tuple[Problem, ...]]:
    """Return the statements of a text and its problems.

    `locate` returns the line and column of an offset.
    """
    assembly = _Assembly(locate)
    for item in items:
        assembly.add(item)
    nul = text.find("\0")
    if nul >= 0:
        assembly.problem("nul-byte", nul, "This is a NUL byte, which PostgreSQL cannot store.", "Remove it.")
    return tuple(assembly.found), tuple(assembly.problems)


class _Assembly:
    def __init__(self, locate: Callable[[int], tuple[int, int]]) -> None:
        self.locate = locate
        self.found: list[Statement] = []
        self.waiting: list[tuple[int, int]] = []
        """Statements whose COPY rows can still follow: index in `found`, and offset of the first word."""
        self.problems: list[Problem] = []
        self.meta = MetaRules()

    def problem(self, code: str, at: int, message: str, hint: str) -> None:
        """Record an error at an offset."""
        self.problems.append(Problem(code, Severity.ERROR, message, hint, *self.locate(at)))

    def add(self, item: Item) -> None:
        """Process the lexer's next item."""
        if item.kind is ItemKind.META:
            refusal = self.meta.refusal(item.name, item.text)
            if refusal is not None:
                self.problem("meta-command", item.start, *refusal)
        elif item.kind is ItemKind.COPY_DATA:
            if self.waiting:
                self._rows(*self.waiting.pop(0), item)
        else:
            self._statement(item)

    def _rows(self, place: int, first_word: int, item: Item) -> None:
        self.found[place] = replace(self.found[place], copy_data=(item.start, item.end))
        if item.ended_by != "eof":
            return
        mark = _rollback_mark().search(item.source, item.start, item.end)
        taken = (
            "" if mark is None else f" '-- Rollback:' in line {self.locate(mark.start(1))[0]} is one of them."
        )
        hint = "Write a line with only \\. after the last row."
        self.problem("unterminated", first_word, f"The rows of this COPY never end.{taken}", hint)

    def _statement(self, item: Item) -> None:
        if item.unterminated is not None:
            self._unterminated(item.unterminated, item.start if item.opened_at is None else item.opened_at)
        first_word = _first_word(item)
        if first_word is None:
            return
        text = item.text
        if item.pieces is None:
            effect, outline = effect_of(text), Outline(text)
        else:
            batch = self._batch_traits(item)
            effect, outline = batch.effect, batch.outline
        copies = effect.copies
        has_rows = copies == "from stdin"
        if has_rows:
            self.waiting.append((len(self.found), first_word))
        line, column = self.locate(first_word)
        self.found.append(
            Statement(
                effect=effect,
                outline=outline,
                index=len(self.found) + 1,
                text=text,
                start=item.start,
                end=item.end,
                line=line,
                column=column,
                copy_data=(item.end, item.end) if has_rows else None,
                spans=item.spans,
            )
        )
        if copies and not has_rows:
            hint = "Remove it: a migration has nowhere to write rows to."
            self.problem("copy-to-stdout", item.start, "COPY … TO stdout sends rows to the client.", hint)

    def _batch_traits(self, item: Item) -> StatementTraits:
        parts = [classify(part) for part in _parts(item) if any(t != ";" for t in significant_texts(part))]
        if len(parts) == 1:
            return parts[0]
        alone = [p for p in parts if p.control or p.copies or p.refusal is Refusal.YES]
        if alone:
            message = f"'{alone[0].summary}' is sent in one message with other statements (\\;)."
            self.problem("batch", item.start, message, "End each of these statements with a plain ';'.")
        if not parts:  # text that a meta-command splits, such as -\echo x - y, can be a comment when joined
            return classify("")
        maybe = any(part.refusal is not Refusal.NO for part in parts)
        summary = f"{parts[0].summary[:80]} and {len(parts) - 1} more in one message"
        refusal = Refusal.MAYBE if maybe else Refusal.NO
        effect = parts[0].effect._replace(control=None, copies="", refusal=refusal)
        return StatementTraits(
            effect=effect, outline=Outline("", replace(parts[0].outline.read(), summary=summary))
        )

    def _unterminated(self, what: str, at: int) -> None:
        message, hint = _UNTERMINATED.get(
            what, (f"The text that starts here with {what} is never closed.", f"Close it with {what}.")
        )
        self.problem("unterminated", at, message, hint)


def _first_word(item: Item) -> int | None:
    r"""Return the offset of the first token after comments and semicolons, or None.

    None also for a statement that \g sends again.
    """
    if item.pieces is None and item.source[item.start : item.start + 1].isalpha():
        return item.start
    for start, end in item.spans if item.start < item.end else ():
        for token in significant(item.source, start):
            if token.start >= end:
                break
            if token.text != ";":
                return token.start
    return None


def _parts(item: Item) -> list[str]:
    r"""Return the commands of a statement: several if ``\;`` joins them."""
    parts = [""]
    for start, end in item.spans:
        piece = item.source[start:end]
        if start > item.start and item.source[start - 1 : start + 1] == r"\;":
            parts.append("")
            piece = piece[1:]
        parts[-1] += piece
    return parts


@cache
def _rollback_mark() -> re.Pattern[str]:
    return re.compile(r"^[ \t]*(--[ \t]*rollback[ \t]*:)", re.IGNORECASE | re.MULTILINE)


_UNTERMINATED = {
    "'": (
        "The string that starts here is never closed.",
        "Close it with '. Write '' for a quote inside the string.",
    ),
    '"': ("The quoted name that starts here is never closed.", 'Close it with ".'),
    "/*": (
        "The comment that starts here is never closed.",
        "Close it with */. Comments can be nested, so each /* needs its own */.",
    ),
    "(": (
        "The parenthesis that starts here is never closed.",
        "Close it with ). A semicolon inside parentheses does not end a statement.",
    ),
    "begin atomic": ("BEGIN ATOMIC has no END.", "End the body of the function with END;"),
    "case": ("This CASE has no END.", "End it with END."),
}
