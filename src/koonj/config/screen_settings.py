"""Define the settings of the screen. Apart from the others, because the command needs none of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThemeSetting:
    """The name of a theme and the place of the setting: ``koonj.toml:5``."""

    name: str
    where: str


@dataclass(frozen=True, slots=True)
class KeySetting:
    """The keys for a command and the place of the setting: ``koonj.toml:5``."""

    command: str
    """The name of the command. The screen checks whether it exists."""
    keys: tuple[str, ...]
    """The keys as written in the file; empty if the command has no key."""
    where: str


@dataclass(frozen=True, slots=True)
class ScreenSettings:
    """The user's screen settings; None if a setting is not set."""

    theme: ThemeSetting | None = None
    mouse: bool | None = None
    ascii_only: bool | None = None
    rehearse: bool | None = None
    """Whether koonj rehearses pending and edited migrations in the background.

    None means yes.
    """
    keys: tuple[KeySetting, ...] = ()
    """At most one entry for each command."""

    def with_defaults(self, other: ScreenSettings) -> ScreenSettings:
        """Return these settings, with those of `other` for the ones that are not set."""
        mine = {wish.command for wish in self.keys}
        return ScreenSettings(
            theme=self.theme or other.theme,
            mouse=other.mouse if self.mouse is None else self.mouse,
            ascii_only=other.ascii_only if self.ascii_only is None else self.ascii_only,
            rehearse=other.rehearse if self.rehearse is None else self.rehearse,
            keys=(*self.keys, *(wish for wish in other.keys if wish.command not in mine)),
        )
