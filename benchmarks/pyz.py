"""Compare the start of koonj.pyz with that of an installed koonj.

    python benchmarks/pyz.py [FILE]        default: dist/koonj.pyz, which `make release` builds

Whole processes, in turns. The aim: at most 1.3 times the processor time of the installed koonj. The
least of all rounds counts.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROUNDS = 15
PYZ = Path(__file__).parent.parent / "dist" / "koonj.pyz"
COMMANDS = (("--version",), ("check",), ("status", "--dsn", "host=/nowhere"))


def processor_time(command: tuple[str, ...], folder: str) -> float:
    """Return the seconds of processor time that a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print a line for each command."""
    file = Path(sys.argv[1] if sys.argv[1:] else PYZ).resolve()
    starts = ((sys.executable, "-P", "-m", "koonj"), (sys.executable, "-P", str(file)))
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "migrations").mkdir()
        Path(folder, "migrations", "001_one.sql").write_text("SELECT 1;\n", "utf-8")
        print(f"{'':40} installed        pyz")
        for words in COMMANDS:
            rounds = [[processor_time((*start, *words), folder) for start in starts] for _ in range(ROUNDS)]
            installed, pyz = map(min, zip(*rounds, strict=True))
            print(f"{' '.join(words):40} {installed:7.3f} s  {pyz:7.3f} s  {pyz / installed:.2f} x")


if __name__ == "__main__":
    main()
