"""Measure the terminal output and CPU time of koonj against other programs.

    python benchmarks/terminal.py [ROUNDS]

Each program runs on a pty of 80 x 24 cells. Bytes are the bytes that it writes; a ratio is the quotient of
two values that are measured in the same run. koonj is compared with koonj that writes whole frames
(KOONJ_WHOLE_FRAMES=1), a list of the same names drawn with curses, and vim on a file of them, if it is
installed. The limits are those of the tests (tests/tui/test_bytes.py); this shows the distance to them.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer

FEW, MANY, RUN = 15, 10_000, 100
QUIET, SHORT = 0.4, 0.1
PATIENCE = 30.0
LINE, LATENCY = 10_000, 0.15
"""The slow connection: bytes per second, seconds in one direction."""
HELD, REPEATS = 60, 30
"""A held `j`: number of key presses, and presses per second."""

DOWN, PAGE, ESCAPE = b"j", b"\x06", b"\x1b"

SECRET = "BENCHMARK_SECRET"
KOONJ = (sys.executable, "-m", "koonj")
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("first content")
Minimal().run()
"""
CURSES = """
import curses, os, sys
names = sorted(os.listdir(sys.argv[1]))
def main(screen):
    curses.curs_set(0)
    top = at = 0
    while True:
        height, width = screen.getmaxyx()
        top = min(at, max(top, at - height + 1))
        for y, name in enumerate(names[top:top + height]):
            look = curses.A_REVERSE if top + y == at else curses.A_NORMAL
            screen.addnstr(y, 0, name.ljust(width - 1), width - 1, look)
        screen.refresh()
        key = screen.getch()
        if key == ord("q"):
            return
        at = max(0, min(len(names) - 1, at + {ord("j"): 1, 6: height}.get(key, 0)))
curses.wrapper(main)
"""


class Program:
    """A program on a pty, and its output."""

    def __init__(self, command: Sequence[str], cwd: Path, environ: dict[str, str]) -> None:
        self.start = time.perf_counter()
        self._end, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environ, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        os.close(theirs)

    def read(self, seconds: float, most: int = 65536) -> bytes:
        """Return the first output within `seconds`; empty if there is none.

        Empty, too, if the program has exited.
        """
        if not select.select([self._end], [], [], max(0, seconds))[0]:
            return b""
        try:
            return os.read(self._end, most)
        except OSError:
            return b""

    def rest(self, quiet: float = QUIET) -> int:
        """Return the number of bytes until there is no output for `quiet` seconds."""
        size = 0
        while output := self.read(quiet):
            size += len(output)
        return size

    def until(self, *texts: str) -> bytes:
        """Return all output until one of `texts` was written."""
        output, end = b"", time.perf_counter() + PATIENCE
        while not any(text.encode() in output for text in texts):
            if time.perf_counter() > end or self.process.poll() is not None:
                sys.exit(f"not written: {texts}\n{output[-2000:]!r}")
            output += self.read(0.1)
        return output

    def type(self, keys: bytes) -> None:
        """Send key presses to the program."""
        os.write(self._end, keys)

    def press(self, keys: bytes) -> int:
        """Press keys; return the number of bytes written in response."""
        self.type(keys)
        return self.rest()

    def cpu(self) -> float:
        """Return the milliseconds of CPU time of the process and its finished children."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def end(self) -> None:
        """Kill the process."""
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@dataclass
class Place:
    """A folder of migrations with koonj.toml, and an environment without settings."""

    root: Path
    cache: Path
    count: int
    dsn: str
    environ: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        own = ("NO_COLOR", "COLORTERM", "TEXTUAL", "PG", "SSH_", "KOONJ", "PYTHONDONTWRITEBYTECODE")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        colours = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8", "KOONJ_TRUST": "1"}
        # Installed programs are compiled once, so koonj is here too, independent of this process's settings.
        self.environ = {**kept, **colours, "PYTHONPYCACHEPREFIX": str(self.cache)}
        self.migrations.mkdir(parents=True)
        for number in range(1, self.count + 1):
            name = f"{number:05d}_make_t{number}.sql"
            text = f"-- {name}\nBEGIN;\nCREATE TABLE t{number} (id int PRIMARY KEY);\nCOMMIT;\n\n"
            text += f"-- Rollback:\n-- BEGIN;\n-- DROP TABLE t{number};\n-- COMMIT;\n"
            (self.migrations / name).write_text(text, encoding="utf-8")
        parts = {name: str(value) for name, value in psycopg.conninfo.conninfo_to_dict(self.dsn).items()}
        self.environ[SECRET] = parts.pop("password", "")  # koonj.toml must not contain it
        dsn = psycopg.conninfo.make_conninfo("", **parts)
        target = f"[targets.local]\ndsn = '''{dsn}'''\npassword = {{ env = '{SECRET}' }}\n"
        (self.root / "koonj.toml").write_text(target, encoding="utf-8")

    @property
    def migrations(self) -> Path:
        """The folder of the migration files."""
        return self.root / "database" / "migrations"

    @contextmanager
    def runs(self, command: Sequence[str], **environ: str) -> Iterator[Program]:
        """Run `command` in the project's folder."""
        program = Program(command, self.root, self.environ | environ)
        try:
            yield program
        finally:
            program.end()

    def others(self) -> dict[str, tuple[str, ...]]:
        """Return the programs that draw a list of the same names."""
        programs: dict[str, tuple[str, ...]] = {
            "curses": (sys.executable, "-c", CURSES, str(self.migrations))
        }
        if (vim := shutil.which("vim")) is not None:
            names = self.root / "names"
            names.write_text("".join(f"{p.name}\n" for p in sorted(self.migrations.iterdir())))
            programs["vim"] = (vim, "-u", "NONE", "-N", str(names))
        return programs


Costs = dict[str, float]


def bytes_of_koonj(place: Place, **environ: str) -> Costs:
    """Return the bytes that koonj writes for each action."""
    with place.runs(KOONJ, **environ) as koonj:
        costs: Costs = {"start-up": len(koonj.until(f"{place.count} pending")) + koonj.rest()}
        costs |= bytes_of_moving(koonj)
        koonj.press(b"g")
        costs["open the palette (n)"] = koonj.press(b"n")
        koonj.press(ESCAPE)
        costs["open the help"] = koonj.press(b"?")
        koonj.press(ESCAPE)
        costs["a message"] = koonj.press(b"r")  # nothing is applied, so the bottom line shows a message
        costs["idle, 5 s"] = idle(koonj)
        return costs


def bytes_of_other(place: Place, command: Sequence[str]) -> Costs:
    """Return the same for a program that only shows a list."""
    with place.runs(command) as program:
        costs: Costs = {"start-up": program.rest(1.0)}
        return costs | bytes_of_moving(program) | {"idle, 5 s": idle(program)}


def bytes_of_moving(program: Program) -> Costs:
    program.press(DOWN)
    costs: Costs = {"cursor down": mean_of(program, 5)}
    mean_of(program, 13)
    costs["down at the edge, mean of 40"] = mean_of(program, 40)
    costs["page down"] = program.press(PAGE)
    return costs


def mean_of(program: Program, keys: int) -> float:
    """Return the mean bytes for one `j`; late output counts for the next key."""
    size = 0
    for _ in range(keys):
        program.type(DOWN)
        size += program.rest(SHORT)
    return (size + program.rest()) / keys


def idle(program: Program) -> int:
    """Return the bytes written while nothing happens."""
    end, size = time.perf_counter() + 5, 0
    while (left := end - time.perf_counter()) > 0:
        size += len(program.read(left))
    return size


def bytes_of_run(place: Place, **environ: str) -> int:
    """Return the bytes while all migrations are applied, from the answer to the end."""
    with place.runs(KOONJ, **environ) as koonj:
        koonj.until(f"{place.count} pending")
        koonj.rest()
        koonj.press(b"A")
        time.sleep(1)  # y is accepted only after the question was on the screen for a while
        koonj.type(b"y")
        output = koonj.until(f"{place.count} applied")
        return len(output) + koonj.rest()


def slow_line(place: Place, command: Sequence[str], ready: str, **environ: str) -> float:
    """Return the seconds from the last held key to the end of the program.

    The connection is slow in both directions.
    """
    with place.runs(command, **environ) as program:
        program.until(ready)
        program.rest()
        last, quit_keys = 0.0, b":q!\r" if "vim" in command[0] else b"q"
        keys = [(n / REPEATS + LATENCY, DOWN) for n in range(HELD)] + [(HELD / REPEATS + LATENCY, quit_keys)]
        start, allowance = time.perf_counter(), 0.0
        before = start
        while program.process.poll() is None:
            now = time.perf_counter()
            while keys and now - start >= keys[0][0]:
                program.type(keys.pop(0)[1])
                last = now - LATENCY
            allowance = min(allowance + (now - before) * LINE, LINE / 10)
            before = now
            if allowance >= 100:
                allowance -= len(program.read(0, int(allowance)))
            time.sleep(0.005)
            if now - start > PATIENCE:
                return float("nan")
        return time.perf_counter() - last + LATENCY


def cpu_per_key(place: Place, command: Sequence[str], ready: str, **environ: str) -> float:
    """Return the milliseconds of CPU time for one cursor-down, mean of 100."""
    with place.runs(command, **environ) as program:
        program.until(ready)
        program.rest(1.0)
        before = program.cpu()
        for n in range(100):
            program.type(DOWN if n % 20 < 10 else b"k")
            program.rest(0.03)
        return (program.cpu() - before) / 100


def first_paint(place: Place, rounds: int) -> dict[str, list[float]]:
    """Return the milliseconds from the start to the first content, measured in turns."""
    ways = {
        "minimal Textual app": ((sys.executable, "-c", MINIMAL), "first content"),
        "koonj": (KOONJ, "make_t1"),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, (command, content) in ways.items():
            with place.runs(command) as program:
                program.until(content)
                if turn:  # the first round compiles
                    times[name].append((time.perf_counter() - program.start) * 1000)
    return times


def table(title: str, columns: dict[str, Costs], base: str) -> None:
    """Print the costs of several programs, and their ratio to those of `base`."""
    print(f"\n{title}\n{'':30}" + "".join(f"{name:>20}" for name in columns))
    for row in columns[base]:
        line = f"{row:30}"
        for costs in columns.values():
            line += f"{cell(costs.get(row), columns[base][row]):>20}"
        print(line)


def cell(value: float | None, base: float) -> str:
    if value is None:
        return "-"
    number = f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2f}"
    return f"{number} ({value / base:.2f} x)" if base else number


def show_first_paint(places: Sequence[Place], rounds: int) -> None:
    print(f"First paint, ms, {rounds} rounds in turns (aim: 1.25 x)")
    for place in places:
        times = first_paint(place, rounds)
        least, middle = [{n: f(t) for n, t in times.items()} for f in (min, statistics.median)]
        for name in times:
            print(
                f"  {place.count:6} migrations  {name:22}"
                f" least {least[name]:6.0f}  median {middle[name]:6.0f}"
                f"  {least[name] / least['minimal Textual app']:.2f} x"
                f"  {middle[name] / middle['minimal Textual app']:.2f} x"
            )


WHOLE = "koonj, whole frames"


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    with tempfile.TemporaryDirectory(prefix="koonj-benchmark-") as name, TemporaryServer(choose()) as server:
        root = Path(name)

        def made(title: str, count: int) -> Place:
            with psycopg.connect(server.dsn(), autocommit=True) as connection:
                connection.execute(
                    psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(title))
                )
            return Place(
                root / title,
                root / "compiled",
                count,
                psycopg.conninfo.make_conninfo(server.dsn(), dbname=title),
            )

        few, many = made("few", FEW), made("many", MANY)
        list_of = made("list", 200)
        show_first_paint((few, many), rounds)
        programs: dict[str, tuple[Sequence[str], str, dict[str, str]]] = {
            "koonj": (KOONJ, "pending", {}),
            WHOLE: (KOONJ, "pending", {"KOONJ_WHOLE_FRAMES": "1"}),
            **{n: (c, "make_t2", {}) for n, c in list_of.others().items()},
        }
        columns = {
            n: bytes_of_koonj(list_of, **e) if c is KOONJ else bytes_of_other(list_of, c)
            for n, (c, _, e) in programs.items()
        }
        for n in ("koonj", WHOLE):
            run = made(f"run{len(n)}", RUN)
            columns[n][f"a run of {RUN} migrations"] = bytes_of_run(run, **programs[n][2])
        table("Bytes to the terminal, 80 x 24", columns, "koonj")
        slow = {
            n: {f"{HELD} keys, then quit: s": slow_line(list_of, c, r, **e)}
            for n, (c, r, e) in programs.items()
        }
        table(
            f"A connection of {LINE:,} bytes per second, {LATENCY * 1000:.0f} ms in one direction",
            slow,
            "koonj",
        )
        cpu: dict[str, Costs] = {n: {} for n in programs}
        for place in (few, many):
            others = place.others()
            for n, (c, r, e) in programs.items():
                cpu[n][f"{place.count} migrations"] = cpu_per_key(place, others.get(n, c), r, **e)
        table("CPU for one cursor-down, ms", cpu, "koonj")
        if "vim" not in programs:
            print("\nvim is not installed, so koonj is not compared with it.")


if __name__ == "__main__":
    main()
