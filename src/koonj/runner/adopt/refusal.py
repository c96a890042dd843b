"""When a plan is not carried out: the target does not show what the files make."""

from __future__ import annotations

from koonj.config import Target
from koonj.humanize import count
from koonj.runner.adopt.plan import AdoptError, AdoptionPlan
from koonj.runner.adopt.wording import whole_words


def must_be_adoptable(
    plan: AdoptionPlan, target: Target, *, named: bool, made: str, reason: str | None, asks: bool
) -> None:
    """Check that the plan can be carried out.

    Args:
        plan: the plan.
        target: its target.
        named: whether the user has named the last file.
        made: the options with which koonj makes the files; empty if they are there.
        reason: why files are adopted although the schemas differ; None: no reason was given.
        asks: whether the user is asked before anything is recorded.

    Raises: AdoptError.
    """
    if not plan.adopted and made:
        return  # the files are written, and nothing is recorded
    if not plan.adopted:
        raise AdoptError(
            f"Nothing to adopt: {target.name} has no object that the files create.",
            f"To run them there: koonj apply{target.option}",
        )
    if not plan.is_equal and not ((named or made) and (reason or "").strip()):
        last = made or str(plan.adopted[-1].number)
        hint = _how_to_go_on(plan, target, last, named=named or bool(made))
        raise AdoptError(f"{whole_words(plan)} Nothing was changed.", hint)
    if plan.unprovable_end and not named and not asks and not all(f.history for f in plan.unprovable_end):
        names = ", ".join(file.name for file in plan.unprovable_end)
        raise AdoptError(
            f"{names}: nothing on {target.name} shows whether it ran. Nothing was changed.",
            "Name the last migration that ran, for example: "
            f"koonj adopt {plan.adopted[-1].number}{target.option} --yes",
        )


def _how_to_go_on(plan: AdoptionPlan, target: Target, last: str, *, named: bool) -> str:
    lines = [f"To adopt them despite that, say why: koonj adopt {last}{target.option} --reason TEXT"]
    if not named:
        best = [f"{c.name} ({count(c.differences, 'difference')})" for c in plan.candidates if c.number]
        lines.insert(0, f"Closest after: {', '.join(best)}.")
    return "\n".join(lines)
