"""Programs in Python that start at once, forked from a process that has imported WattIf, and has made a dataset.

Tests start many hundreds, and each would spend three seconds on imports and on loading kernels. What a program does
after them is the same; that it imports all that it needs is tested with interpreters of their own.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import runpy
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parent.parent
_WORDS = 1 << 17  # bytes of a request
_CLIENT = """\
import json, os, signal, socket, sys
server = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
server.connect({address!r})
request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(server, [request], [0, 1, 2])
child = int(server.recv(32))
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: os.kill(child, number))
code = int(server.recv(32))
sys.exit(code if code >= 0 else 128 - code)
"""


class Forked:
    """A program that is under way; at the end of a ``with`` block it is killed if it still is."""

    def __init__(self, asking: socket.socket, told: Any) -> None:
        self._asking = asking
        self._told = told
        self.pid = int(asking.recv(32))
        self._handle = os.pidfd_open(self.pid)
        self.returncode: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self.wait()
        os.close(self._handle)
        self._asking.close()
        self._told.close()

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, -9 of one that was killed; `subprocess.TimeoutExpired` when it takes longer."""
        if self.returncode is None:
            self._asking.settimeout(timeout)
            try:
                code = self._asking.recv(32)
            except TimeoutError:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0) from None
            self.returncode = int(code)
        return self.returncode

    def has_ended(self, within_s: float) -> bool:
        """Whether it ends in so many seconds."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(within_s)
        return self.returncode is not None

    def send(self, number: signal.Signals) -> None:
        """A signal; none when it has ended."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """Whatever it does at that moment."""
        self.send(signal.SIGKILL)

    def hold(self) -> None:
        """Have it stop where it is, until it gets SIGCONT."""
        self.send(signal.SIGSTOP)
        threads = Path(f"/proc/{self.pid}/task")
        while not all(_is_stopped(thread) for thread in threads.iterdir()):
            pass

    def told(self) -> str:
        """What it has said on standard error."""
        self._told.seek(0)
        text: str = self._told.read().decode()
        return text


def _is_stopped(thread: Path) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):  # it ends
        return "State:\tT" in (thread / "status").read_text()
    return False


class Forking:
    """A server that starts programs; *interpreter* is a command that has it start one as the interpreter would.

    *only*: the server has imported just these modules and nothing of WattIf, and is not warm.
    """

    def __init__(self, folder: Path, *, only: Sequence[str] = ()) -> None:
        self._address = str(folder / "forking")
        client = folder / "client.py"
        client.write_text(_CLIENT.format(address=self._address))
        self.interpreter = folder / "python"
        call = shlex.join([sys.executable, "-IS", str(client)])
        self.interpreter.write_text(f'#!/bin/sh\nexec {call} "$@"\n')
        self.interpreter.chmod(0o755)
        environment = {**os.environ, "MPLBACKEND": "agg"}
        command = [sys.executable, "-m", "tests.forking", self._address, *only]
        self._server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert self._server.stdout
        assert self._server.stdout.readline() == b"ready\n"

    def start(self, words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Forked:
        """A program in *folder*: the interpreter's arguments."""
        asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        asking.connect(self._address)
        told = tempfile.TemporaryFile()  # noqa: SIM115  # closed with the program
        request = json.dumps([words, str(folder), dict(environment)]).encode()
        with Path(os.devnull).open("r+b") as nothing:
            socket.send_fds(asking, [request], [nothing.fileno(), nothing.fileno(), told.fileno()])
        return Forked(asking, told)

    def close(self) -> None:
        """Programs that are under way go on."""
        self._server.kill()
        self._server.wait()
        assert self._server.stdout
        self._server.stdout.close()


def _program(words: list[str]) -> None:
    """What the interpreter does with its arguments."""
    if words[0] == "-m":
        sys.path.insert(0, str(Path.cwd()))
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.path.insert(0, "")
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.path.insert(0, str(Path(words[0]).resolve().parent))
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def _keep(asking: socket.socket, request: bytes, files: list[int]) -> None:
    """In a child of the server: have a program run, and tell how it ended, whatever ended it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        asking.close()
        words, folder, environment = json.loads(request)
        _run(words, folder, environment, files)
    asking.send(str(child).encode())
    _, status = os.waitpid(child, 0)
    asking.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _run(words: list[str], folder: str, environment: dict[str, str], files: list[int]) -> None:
    """In a child of that: what the interpreter does from its start to its end."""
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout = os.fdopen(0), os.fdopen(1, "w")
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace")
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None  # else it stays where the server's is
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    code: Any = 0
    try:
        _program(words)
    except SystemExit as stop:
        code = stop.code
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 1
    if isinstance(code, str):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # the interpreter's own: waits for threads of the program
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


def _warm_up() -> None:
    """Import what runs import, and load the kernels, cities and calendars that they need, by a run."""
    import wattif

    for module in pkgutil.walk_packages(wattif.__path__, "wattif."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for library in ("boto3", "distributed", "google.cloud.storage", "obstore", "pandas", "pyarrow.parquet"):
        with suppress(ModuleNotFoundError):
            importlib.import_module(library)
    with tempfile.TemporaryDirectory() as name:
        spec = wattif.Spec(start="2024-01-01", end="2024-01-01", meters=2, interval=3600, anomaly_rate=1)
        wattif.generate(spec, Path(name, "lake"), staging_dir=Path(name))
    assert threading.active_count() == 1  # what is forked has only the thread that forks


def _serve(address: str, only: Sequence[str]) -> None:
    for module in only:
        importlib.import_module(module)
    if not only:
        _warm_up()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the children
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as server:
        server.bind(address)
        server.listen()
        print("ready", flush=True)
        while True:
            asking, _ = server.accept()
            with asking:
                request, files, _, _ = socket.recv_fds(asking, _WORDS, 3)
                if os.fork() == 0:
                    server.close()
                    _keep(asking, request, files)
                for file in files:
                    os.close(file)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        _serve(sys.argv[1], sys.argv[2:])
