"""A server, a proxy and processes to fork koonj from, for all tests of one process."""

from collections.abc import Iterator

import pytest

from koonj.postgres.embedded.binaries import Binaries
from koonj.postgres.embedded.temporary_server import TemporaryServer
from support.faults.fault_runner import SETTINGS, FaultRunner
from support.frames import Message


@pytest.fixture(scope="session")
def fault_server(binaries: Binaries, _session: None) -> Iterator[TemporaryServer]:
    with TemporaryServer(binaries, settings=SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def fault_runner(fault_server: TemporaryServer) -> Iterator[FaultRunner]:
    with FaultRunner(fault_server) as made:
        yield made


@pytest.fixture(scope="session")
def messages(fault_runner: FaultRunner) -> list[Message]:
    """The messages of a run without interruption."""
    return fault_runner.record()
