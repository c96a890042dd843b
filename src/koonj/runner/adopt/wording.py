"""The words for the evidence of an adoption, as the plan shows them and the history keeps them."""

from __future__ import annotations

from koonj.humanize import count
from koonj.runner.adopt.plan import AdoptionPlan, EvidenceKind, FileEvidence

_SHOWN = 3
"""Number of differences that are named in the history; the rest is counted."""


def evidence_words(file: FileEvidence) -> str:
    """Return what is known of a file, such as ``equal: 2 objects; dbmate: row only, no checksum``."""
    words = _schema_words(file)
    return f"{words}; {file.history}" if file.history else words


def _schema_words(file: FileEvidence) -> str:
    match file.kind:
        case EvidenceKind.EQUAL:
            return f"equal: {count(file.objects, 'object')}"
        case EvidenceKind.ROWS_ONLY:
            return "not provable: changes only rows"
        case EvidenceKind.NO_TRACE:
            return "no trace"
        case EvidenceKind.UNKNOWN:
            return "unknown: not compared"
    return f"differs: {count(len(file.differences), 'difference')}"


def whole_words(plan: AdoptionPlan) -> str:
    """Return what the comparison of the whole schema says, as a sentence."""
    where = f"after {plan.last}" if plan.last else "without these files"
    if plan.is_equal:
        objects = count(plan.objects, "object")
        return f"The schema {where} is the same as that of {plan.target}: {objects}."
    number = sum(len(file.differences) for file in plan.adopted) + len(plan.others)
    return f"The schema {where} differs from that of {plan.target}: {count(number, 'difference')}."


def recorded_words(plan: AdoptionPlan, file: FileEvidence, reason: str | None) -> str:
    """Return the evidence as the history keeps it."""
    words = evidence_words(file)
    if file.differences:
        named = [f"{d.kind} {d.identity} {_what(d.what)}" for d in file.differences[:_SHOWN]]
        rest = len(file.differences) - len(named)
        words = f"{words} ({', '.join([*named, *([f'{rest} more'] if rest else [])])})"
    words = f"{words}. {whole_words(plan)} Files run on {plan.scratch}."
    return f"{words} Reason: {reason}" if reason else words


def _what(what: str) -> str:
    return "only on the target" if what == "not removed" else what
