"""The server's standard_conforming_strings, as psql sees it while it reads."""


class StringsSetting:
    """Whether a backslash in '…' is an ordinary character.

    psql looks at the setting once a line, so what a SET changes is felt from the next line on.
    """

    __slots__ = ("_next", "_text", "changes_at", "default", "standard")

    def __init__(self, text: str, *, standard: bool) -> None:
        self._text = text
        self.default = standard
        """What RESET goes back to."""
        self.standard = standard
        """The setting on the line that is being read."""
        self.changes_at: int | None = None
        """The end of that line, where a change waits for it."""
        self._next = standard

    def set_after(self, at: int, *, standard: bool) -> None:
        """A statement that ends at ``at`` changes the setting."""
        self._next = standard
        if self.changes_at is None:
            newline = self._text.find("\n", at)
            self.changes_at = len(self._text) if newline < 0 else newline

    def reach(self, at: int) -> bool:
        """Reading goes on at this offset: take over a change that waited for it. True when one did."""
        if self.changes_at is None or at < self.changes_at:
            return False
        self.standard = self._next
        self.changes_at = None
        return True
