"""The question before a change: a yes, or the typed name of a protected target."""

from __future__ import annotations

from uuid import uuid4

from koonj.runner.run.events import Question, QuestionKind


def confirmation_question(what: str, target: str, *, protected: bool) -> Question:
    """Return the question whether to do `what`, such as ``Apply 2 migrations on local``."""
    if protected:
        text = f"{what}? The target is protected. Type its name ({target}) to confirm."
        return Question(str(uuid4()), QuestionKind.TYPED, text, target)
    return Question(str(uuid4()), QuestionKind.YES, f"{what}?", "yes")
