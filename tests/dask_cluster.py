"""A Dask cluster of this machine, each scheduler and worker a process of its own, which can be killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.fakes.store_proxy import free_port
from tests.forking import Forked

LACKS_WATTIF = """
import sys
sys.modules.update({name: None for name in sys.modules if name.partition(".")[0] == "wattif"} | {"wattif": None})
"""


class DaskCluster:
    """Processes by name: one is the scheduler, the others are workers with one thread each."""

    def __init__(self, start: Callable[..., Forked], folder: Path) -> None:
        """*start* has the interpreter's arguments, and more of the environment by keyword; *folder* is the workers'."""
        self._start = start
        self._folder = folder
        self._port = str(free_port())
        self.address = f"127.0.0.1:{self._port}"
        self.processes: dict[str, Forked] = {}

    def scheduler(self) -> Forked:
        """Start the scheduler, always at the same address; it needs no WattIf."""
        words = ["--host", "127.0.0.1", "--port", self._port, "--no-dashboard"]
        self.processes["scheduler"] = self._start(["-c", _program("scheduler", LACKS_WATTIF), *words])
        return self.processes["scheduler"]

    def worker(self, name: str = "worker", environment: Mapping[str, str] = {}, *, begin: str = "") -> Forked:
        """Start a worker; *begin* is what it does first, in Python."""
        assert name not in self.processes
        words = [f"tcp://{self.address}", "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        words += ["--local-directory", str(self._folder)]
        self.processes[name] = self._start(["-c", _program("worker", begin), *words], **environment)
        return self.processes[name]

    def end(self, names: Iterable[str]) -> None:
        """Kill processes, if they still are."""
        for name in names:
            with self.processes.pop(name):
                pass

    def close(self) -> None:
        """Kill all of them."""
        self.end(list(self.processes))


def _program(what: str, begin: str) -> str:
    return f"{begin}\nfrom distributed.cli.dask_{what} import main\nmain()\n"
