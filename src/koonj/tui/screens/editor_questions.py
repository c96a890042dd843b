"""What the editor asks before something is lost, or a rule is broken."""

from collections.abc import Sequence

from koonj.tui.documents.edit_buffer import SaveState

Question = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Title, text, answers with their keys, and what Esc does."""


def unsaved(name: str) -> Question:
    """On leaving."""
    return (
        "Not saved",
        f"{name} was changed here and is not saved.",
        (("s", "save, close"), ("d", "discard")),
        "stay",
    )


def elsewhere(standing: SaveState) -> Question:
    """On saving over what another program did."""
    if standing is SaveState.GONE:
        text = "The file is not there any more: another program deleted or renamed it. o writes it again."
        return "Gone from disk", text, (("o", "write it again"),), "go on editing"
    text = (
        "Another program wrote the file since it was read here. o writes this text over its text; r reads "
        "its text, and what was typed here is lost."
    )
    return "Changed on disk", text, (("o", "overwrite"), ("r", "read its text")), "go on editing"


def ran(names: Sequence[str]) -> Question:
    """On changing what ran."""
    text = (
        f"It ran on {' and '.join(names)}. A migration is never modified once it ran: history keeps the text "
        "that ran and will call this one edited. To change what it did, write a new migration."
    )
    return "It ran already", text, (("s", "save all the same"),), "go on editing"
