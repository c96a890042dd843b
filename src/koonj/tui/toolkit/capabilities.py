"""Detect the features of the terminal.

This is done before Textual is imported, because Textual reads its environment variables then.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from koonj.config.screen_settings import ScreenSettings
from koonj.sql.display import wants_ascii

_NO_SCREEN = frozenset({"", "dumb", "unknown"})
_USE_COMMANDS = (
    "Use the commands instead: koonj status, koonj apply, koonj rollback (koonj --help lists all)."
)

THEME = "terminal"
"""Name of the theme in the terminal's own colours."""
DARK_THEME = "dark"
"""Name of the theme that koonj uses by itself where there is true colour."""
_TRUE_COLOUR = frozenset({"truecolor", "24bit"})
_BASE_THEME = "ansi-dark"
"""Textual's theme in the terminal's colours, used until koonj's themes are registered."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """Features of this terminal and settings of the user for it."""

    colour: bool = True
    """False if NO_COLOR is set and not empty (https://no-color.org)."""
    true_colour: bool = True
    """Whether it says that it has more than 256 colours."""
    ascii_only: bool = False
    """Whether only characters up to 0x7F can be written."""
    remote: bool = False
    """Whether the terminal is at the other end of an ssh connection."""
    mouse: bool = True
    theme: str = THEME
    """Name of the theme, or names with commas between them, of which the first existing one is used."""
    theme_source: str = ""
    """Setting that names the theme, for an error message."""


def refusal(environ: Mapping[str, str], *, is_tty: bool) -> str | None:
    """Return why no screen can be drawn and what to use instead.

    Returns None if a screen can be drawn.
    """
    if not is_tty:
        return f"koonj's screen requires a terminal, but stdin or stderr is not one. {_USE_COMMANDS}"
    if environ.get("TERM", "") in _NO_SCREEN:
        name = environ.get("TERM") or "not set"
        reason = f"koonj's screen requires a terminal that can move its cursor, but TERM is {name}."
        return f"{reason} {_USE_COMMANDS}"
    return None


def detect(
    environ: Mapping[str, str],
    *,
    encoding: str | None,
    ascii_only: bool = False,
    screen: ScreenSettings = ScreenSettings(),  # noqa: B008 - a frozen value
) -> Terminal:
    """Return the features of the terminal from the environment and the settings.

    `encoding` is that of the output. `ascii_only` is the option of the command line. A setting of the user
    overrides koonj's default, but never a limit of the terminal. The environment overrides the configuration
    file.
    """
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    colour = not environ.get("NO_COLOR")
    theme, source = _theme(environ, screen, remote=remote) if colour else (THEME, "")
    best_ascii = environ.get("TERM") == "linux" if screen.ascii_only is None else screen.ascii_only
    return Terminal(
        colour=colour,
        true_colour=_has_true_colour(environ),
        ascii_only=ascii_only or best_ascii or wants_ascii(environ, encoding),
        remote=remote,
        mouse=not remote if screen.mouse is None else screen.mouse,
        theme=theme,
        theme_source=source,
    )


def _theme(environ: Mapping[str, str], screen: ScreenSettings, *, remote: bool) -> tuple[str, str]:
    """Return the name of the theme and the setting that names it; koonj's default if there is none."""
    if name := environ.get("TEXTUAL_THEME"):
        return name, f"TEXTUAL_THEME={name}"
    if screen.theme is not None:
        return screen.theme.name, f"{screen.theme.where}: theme = {screen.theme.name!r}"
    return (DARK_THEME if not remote and _has_true_colour(environ) else THEME), ""


def _has_true_colour(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal says that it has true colour, or what the user has set instead."""
    system = environ.get("TEXTUAL_COLOR_SYSTEM", "auto")
    says_so = environ.get("COLORTERM", "").strip().lower() in _TRUE_COLOUR
    return says_so if system == "auto" else system == "truecolor"


def set_environment(terminal: Terminal, environ: MutableMapping[str, str]) -> None:
    """Set the environment variables that Textual reads at import.

    Variables that the user has set stay unchanged.
    """
    environ.setdefault("TEXTUAL_THEME", _BASE_THEME)
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if terminal.remote:
        # The bytes of an arrow key can come in two packets. If Textual does not wait for the second one,
        # it reads Escape and two letters.
        environ.setdefault("ESCDELAY", "250")
    if environ.get("NO_COLOR") == "":
        del environ[
            "NO_COLOR"
        ]  # an empty value means not set (https://no-color.org), but Textual reads it as set
