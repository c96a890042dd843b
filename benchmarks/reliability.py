"""Interrupt koonj at every place of a run, and count what is not as it must be (docs/reliability.md).

    python benchmarks/reliability.py [PART ...] [--every N] [--seed N] [--workers N] [--bindir FOLDER]

Parts: protocol, commits, ended, aimed, overtaken, asked, stopped, crashed, together, full, tunnel, batch,
stepped; default: all. `full` mounts a tmpfs, which only root can do; `tunnel` needs sshd. `--every 5` tries a
fifth of the places. If there was a violation, the exit code is 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from multiprocessing.queues import Queue

import shared  # noqa: F401 - lets this program import `support`
from koonj.postgres.embedded.binaries import choose
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.faults.fault_runner import SETTINGS, Fault, FaultRunner, Outcome
from support.faults.full_disk import server_on_small_disk
from support.faults.places import PARTS, RUNNERS

SHOWN = 20


def _server(bindir: str, part: str = "") -> AbstractContextManager[TemporaryServer]:
    environ = {**os.environ, **({"KOONJ_PG_BINDIR": bindir} if bindir else {})}
    if part == "full":
        return server_on_small_disk(choose(environ))
    return TemporaryServer(choose(environ), settings=SETTINGS)


def _work(part: str, bindir: str, faults: Sequence[Fault], outcomes: Queue[Outcome | None]) -> None:
    """Try the faults, and put None at the end."""
    with _server(bindir, part) as server, RUNNERS.get(part, FaultRunner)(server) as fault_runner:
        for fault in faults:
            try:
                outcomes.put(fault_runner.run(fault))
            except Exception as error:  # a trial that cannot be judged counts, and does not end the others
                outcomes.put(Outcome(fault, "unknown", [f"not judged: {error!r}"]))
    outcomes.put(None)


def _try_all(part: str, bindir: str, faults: Sequence[Fault], workers: int) -> list[Outcome]:
    context = multiprocessing.get_context("spawn")
    queue: Queue[Outcome | None] = context.Queue()
    processes = [
        context.Process(target=_work, args=(part, bindir, faults[number::workers], queue))
        for number in range(workers)
    ]
    for process in processes:
        process.start()
    outcomes: list[Outcome] = []
    running = workers
    while running:
        outcome = queue.get(timeout=300)
        if outcome is None:
            running -= 1
        else:
            outcomes.append(outcome)
    for process in processes:
        process.join()
    return outcomes


def _print(part: str, outcomes: Sequence[Outcome], seconds: float) -> int:
    reached = [outcome for outcome in outcomes if outcome.at]
    bad = [outcome for outcome in outcomes if outcome.violations]
    decisions = Counter(kind for outcome in outcomes for kind in set(outcome.decisions))
    repairs = sum(bool(outcome.repairs) for outcome in outcomes)
    print(
        f"{part:10}{len(outcomes):6} trials, {len(reached):6} interrupted, {len(bad):4} with violations, "
        f"{sum(bool(outcome.decisions) for outcome in outcomes):4} needed a person, "
        f"{repairs:4} needed a repair, {seconds:.0f} s"
    )
    if decisions:
        counts = ", ".join(f"{kind} {number}" for kind, number in decisions.most_common())
        print(f"          a person was needed for: {counts}")
    for outcome in bad[:SHOWN]:
        print(f"  {outcome.fault}, at {outcome.at!r}")
        for violation in outcome.violations:
            print(f"    {violation}")
    return len(bad)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=[])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--bindir", default="")
    args = parser.parse_args()
    with _server(args.bindir) as server:
        print(f"PostgreSQL {server.binaries.version}, seed {args.seed}, 1 of {args.every} places")
    bad = 0
    for part in args.parts or PARTS:
        with _server(args.bindir, part) as server, RUNNERS.get(part, FaultRunner)(server) as fault_runner:
            messages = fault_runner.record()
        faults = PARTS[part](messages, args.seed)[args.seed % args.every :: args.every]
        start = time.perf_counter()
        bad += _print(part, _try_all(part, args.bindir, faults, args.workers), time.perf_counter() - start)
        sys.stdout.flush()
    print(f"violations: {bad}")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
