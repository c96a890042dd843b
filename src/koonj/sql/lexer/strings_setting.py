"""Track the server's standard_conforming_strings as psql sees it while it reads."""


class StringsSetting:
    """Whether a backslash in '…' is an ordinary character.

    psql reads the setting once per line, so a SET takes effect on the next line.
    """

    __slots__ = ("_next", "_text", "changes_at", "default", "standard")

    def __init__(self, text: str, *, standard: bool) -> None:
        self._text = text
        self.default = standard
        """The value that RESET restores."""
        self.standard = standard
        """The setting on the line that is being read."""
        self.changes_at: int | None = None
        """The end of that line if a change takes effect there, else None."""
        self._next = standard

    def set_after(self, at: int, *, standard: bool) -> None:
        """Change the setting after the statement that ends at ``at``."""
        self._next = standard
        if self.changes_at is None:
            newline = self._text.find("\n", at)
            self.changes_at = len(self._text) if newline < 0 else newline

    def reach(self, at: int) -> bool:
        """Apply a change that takes effect before this offset.

        Return whether there was one.
        """
        if self.changes_at is None or at < self.changes_at:
            return False
        self.standard = self._next
        self.changes_at = None
        return True
