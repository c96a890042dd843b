"""Keys and pasted text, as a terminal sends them: in packets of any size, and with pastes that never end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

from koonj.config.screen_settings import KeySetting
from koonj.tui.commands.keymap import Keymap
from koonj.tui.commands.main_screen import MAIN
from koonj.tui.commands.rebinding import rebind
from koonj.tui.toolkit import textual_private
from koonj.tui.toolkit.input_stream import CTRL_C_PAUSE, END, STALL, START, InputStream, Piece
from koonj.tui.toolkit.textual_private import InputParser, parse_input
from support.pty_terminal import PATIENCE, opened
from support.screen import Project

DELAY = 0.125


class Typist:
    """Sends packets to a stream, on a clock of its own."""

    def __init__(self, *alt_keys: str) -> None:
        self.stream = InputStream(frozenset(alt_keys), DELAY)
        self.now = 100.0

    def send(self, *packets: str) -> list[Piece]:
        """Return the pieces of packets that come without a pause."""
        return [piece for packet in packets for piece in self.stream.feed(packet, self.now)]

    def wait(self, seconds: float) -> list[Piece]:
        """Return the pieces that come in a pause."""
        self.now += seconds
        return list(self.stream.tick(self.now))


def keys(*texts: str) -> list[Piece]:
    return [Piece(text) for text in texts]


def joined(pieces: list[Piece]) -> list[Piece]:
    """Return the pieces with neighbouring keys in one."""
    found: list[Piece] = []
    for piece in pieces:
        if found and not piece.pasted and not found[-1].pasted and "\x1b" not in {piece.text, found[-1].text}:
            found[-1] = Piece(found[-1].text + piece.text)
        else:
            found.append(piece)
    return found


WHOLE = f"ab\x1bqc\x1b[A\x1b\x1b[5~{START}x\x1b[1;2Ay\x03z{END}d\x1bOP\x1b/{START}{END}e"
PIECES = [
    *keys("ab", "\x1b", "qc\x1b[A", "\x1b", "\x1b[5~"),
    Piece("x\x1b[1;2Ay\x03z", pasted=True),
    *keys("d\x1bOP", "\x1b", "/e"),
]


@pytest.mark.parametrize("at", range(len(WHOLE)))
def test_input_is_the_same_in_two_packets(at: int) -> None:
    assert joined(Typist().send(WHOLE[:at], WHOLE[at:])) == joined(PIECES)


def test_input_is_the_same_character_by_character() -> None:
    typist = Typist()
    pieces = [piece for character in WHOLE for piece in (*typist.send(character), *typist.wait(0.01))]
    assert joined(pieces) == joined(PIECES)


def test_escape_and_a_key_are_two_keys() -> None:
    assert Typist().send("\x1bq") == keys("\x1b", "q")
    assert Typist().send("\x1b\x03") == keys("\x1b", "\x03")
    assert Typist().send("\x1b1") == keys("\x1b", "1")
    assert Typist().send("\x1b\x1b\x1b") == keys("\x1b", "\x1b")


def test_escape_alone_is_a_key_after_the_delay() -> None:
    typist = Typist()
    assert typist.send("\x1b") == typist.wait(DELAY / 2) == []
    assert typist.wait(DELAY / 2) == keys("\x1b")
    assert typist.wait(DELAY) == []


def test_key_with_a_command_for_alt_is_one_sequence() -> None:
    assert Typist("x").send("\x1bx\x1bq") == keys("\x1bx", "\x1b", "q")
    settings = (
        KeySetting("apply-next", ("alt+x",), ""),
        KeySetting("apply-all", ("alt+shift+y", "ctrl+a"), ""),
    )
    keymap = rebind(settings, MAIN)
    assert keymap.alt_characters == {"x", "Y"}
    assert Keymap().alt_characters == frozenset()


@pytest.mark.parametrize(
    "packets", [(START, "half", "\x03"), (f"{START}half\x03",), (f"{START}half", "\x03", "\x03")]
)
def test_ctrl_c_ends_a_paste_that_has_no_end(packets: tuple[str, ...]) -> None:
    typist = Typist()
    assert typist.send(*packets) == []
    count = "".join(packets).count("\x03")
    assert typist.wait(CTRL_C_PAUSE) == [Piece("half", pasted=True), *keys("\x03" * count)]
    assert typist.send("q") == keys("q")


@pytest.mark.parametrize("key", ["q", "\x1b[A", "\x1b[<0;3;4M", "?", "\x1b[13;2u"])
def test_key_after_a_stall_ends_a_paste_that_has_no_end(key: str) -> None:
    typist = Typist()
    typist.send(f"{START}half\x1b[20")
    assert typist.wait(STALL) == [Piece("half", pasted=True)]
    assert typist.wait(STALL) == []
    assert typist.send(key) == keys(key)
    assert typist.send(END, "q") == keys(END, "q")  # Textual ignores an END without a START


def test_paste_continues_after_a_stall() -> None:
    typist = Typist()
    typist.send(f"{START}one ")
    assert typist.wait(STALL) == [Piece("one ", pasted=True)]
    assert typist.send("two ", f"three{END}") == [Piece("two three", pasted=True)]


def test_paste_after_one_without_an_end_is_a_paste() -> None:
    assert Typist().send(f"{START}half", f"{START}whole{END}") == [Piece("halfwhole", pasted=True)]


def _messages(parser: XTermParser, text: str) -> Iterator[tuple[str, str | None]]:
    for event in parser.feed(text):
        if isinstance(event, events.Key):
            yield "key", event.key
        else:
            yield type(event).__name__, getattr(event, "text", None)


SAME = [
    *(
        "a",
        "Z",
        "\r",
        "\t",
        "\x03",
        "é",
        "\x1b[A",
        "\x1b[1;5C",
        "\x1bOP",
        "\x1b[15~",
        "\x1b[Z",
        "\x1bb",
        "\x1b\x7f",
    ),
    *("\x1b[97;5u", "\x1b[I", "\x1b[O", f"{START}some\ntext{END}", "\x1b[?2026;2$y", "\x1b[3;4R"),
]


@pytest.mark.parametrize("text", SAME)
def test_parser_reads_all_else_as_textual_does(text: str) -> None:
    """If this fails, Textual's parser has changed: keys, pastes or reports could be lost."""
    expected = list(_messages(XTermParser(), text))
    assert expected
    assert list(_messages(InputParser(frozenset()), text)) == expected
    parser = InputParser(frozenset())
    assert [one for character in text for one in _messages(parser, character)] == expected


def test_parser_reports_escape_after_the_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 1.0 + constants.ESCAPE_DELAY / 2, 1.0 + constants.ESCAPE_DELAY])
    monkeypatch.setattr(textual_private, "monotonic", lambda: next(clock))
    parser = InputParser(frozenset())
    assert list(parser.feed("\x1b")) == list(parser.tick()) == []
    (event,) = parser.tick()
    assert isinstance(event, events.Key)
    assert (event.key, event.character) == ("escape", "\x1b")


def test_driver_uses_the_parser_of_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """If Textual's driver gets its parser from elsewhere, a paste without an end takes all keys."""
    assert linux_driver.LinuxDriver.run_input_thread.__globals__ is vars(linux_driver)
    assert "XTermParser" in linux_driver.LinuxDriver.run_input_thread.__code__.co_names
    monkeypatch.setattr(linux_driver, "XTermParser", XTermParser)  # is restored after the test
    parse_input(frozenset())
    assert isinstance(vars(linux_driver)["XTermParser"](False), InputParser)


def test_keys_work_after_a_paste_without_an_end(project: Project) -> None:
    with opened(project, migrations=1) as terminal:
        terminal.send(b"\x1b[200~half\x03")
        terminal.until(b"Nothing is running")
        terminal.send(b"\x1b[200~half")
        terminal.read(STALL + 0.2)
        assert b"Migrations" in terminal.press(b"?")
        terminal.press(b"\x1b")
        terminal.send(b"/\x1bq")  # opens the filter, closes it and quits
        terminal.read(0.5)
        assert terminal.process.wait(PATIENCE) == 0
