"""What the terminal can do. To be known before Textual is imported, which reads its switches only then."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from koonj.config import ScreenSettings
from koonj.sql.display import wants_ascii

_NO_SCREEN = frozenset({"", "dumb", "unknown"})
_INSTEAD = "Use the headless command: koonj status, koonj apply, koonj rollback (koonj --help lists all)."

THEME = "terminal"
"""The theme in the terminal's own colours."""
_BASE_THEME = "ansi-dark"
"""Textual's own theme in the terminal's colours; in force until ours is registered."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """What this terminal shows and how it is best treated."""

    colour: bool = True
    """False where NO_COLOR is set and not empty (https://no-color.org)."""
    ascii_only: bool = False
    """Nothing above 0x7F may be written."""
    remote: bool = False
    """The terminal is at the other end of an ssh connection."""
    mouse: bool = True
    theme: str = THEME
    """Its name, or names of which the first one that there is counts, with commas between them."""
    theme_said_by: str = ""
    """Who asks for it, for a complaint."""


def refusal(environ: Mapping[str, str], *, is_tty: bool) -> str | None:
    """Why no screen can be drawn here and what to use instead, or None where one can."""
    if not is_tty:
        return f"koonj's screen needs a terminal, and its input or error output is not one. {_INSTEAD}"
    if environ.get("TERM", "") in _NO_SCREEN:
        name = environ.get("TERM") or "not set"
        return f"koonj's screen needs a terminal that can move its cursor, and TERM is {name}. {_INSTEAD}"
    return None


def read(
    environ: Mapping[str, str],
    *,
    encoding: str | None,
    ascii_only: bool = False,
    wishes: ScreenSettings = ScreenSettings(),  # noqa: B008 - a frozen value
) -> Terminal:
    """What `environ`, the output's `encoding` and the configuration's `wishes` say.

    `ascii_only` is the command line's. A wish goes before what koonj would find best, never before what the
    terminal cannot do; the environment goes before the configuration, since it was said later.
    """
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    colour = not environ.get("NO_COLOR")
    theme, said_by = _theme(environ, wishes) if colour else (THEME, "")
    best_ascii = environ.get("TERM") == "linux" if wishes.ascii_only is None else wishes.ascii_only
    return Terminal(
        colour=colour,
        ascii_only=ascii_only or best_ascii or wants_ascii(environ, encoding),
        remote=remote,
        mouse=not remote if wishes.mouse is None else wishes.mouse,
        theme=theme,
        theme_said_by=said_by,
    )


def _theme(environ: Mapping[str, str], wishes: ScreenSettings) -> tuple[str, str]:
    """Its name, and who asks for it."""
    if given := environ.get("TEXTUAL_THEME"):
        return given, f"TEXTUAL_THEME={given}"
    if wishes.theme is not None:
        return wishes.theme.name, f"{wishes.theme.where}: theme = {wishes.theme.name!r}"
    return THEME, ""


def settle(terminal: Terminal, environ: MutableMapping[str, str]) -> None:
    """Set the switches that Textual reads at import; what the person has set already stays."""
    environ.setdefault("TEXTUAL_THEME", _BASE_THEME)
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if terminal.remote:
        # An arrow key's bytes may come in two packets: without patience it reads as Escape and two letters.
        environ.setdefault("ESCDELAY", "250")
    if environ.get("NO_COLOR") == "":
        del environ["NO_COLOR"]  # Textual takes an empty one for set, against the convention
