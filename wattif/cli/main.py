"""From the words of the command line to an exit code.

0 done, 1 failed, 2 wrong usage, 130 interrupted. SIGINT, SIGTERM and SIGHUP are told alike: the first one ends the
run in order, the second at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any

import wattif
from wattif.errors import Interrupted, UsageError, WattIfError, did_you_mean

if TYPE_CHECKING:
    from wattif.cli.verb import Verb

VERBS = {  # each is the module of that name
    "generate": "write the readings of a fleet of meters into a lake",
    "expect": "compute what every table downstream must contain",
    "show": "draw a meter, a class of meters, or the whole fleet",
    "reconcile": "compare a lake, or a table made from it, with what must be there",
    "load": "load a lake into a warehouse: local DuckDB, or BigQuery",
    "rollup": "sum the loaded readings by hour and month",
    "scan": "flag hours unlike the ones before",
    "score": "compare the scan with the labels: precision, recall, and delay by kind of anomaly",
    "dataplex": "check the hourly readings in BigQuery with a Dataplex scan",
}
INTERRUPTED = Interrupted.exit_code


def main(arguments: Sequence[str] | None = None, program: str | None = None) -> int:
    """Do what the words of the command line ask for; the exit code. *program*: what its messages begin with."""
    arguments = sys.argv[1:] if arguments is None else arguments
    verb = arguments[0] if arguments else "--help"
    if "--version" in arguments:
        print(f"wattif {wattif.__version__}")
        return 0
    if verb in VERBS:
        return _leave(run(verb, arguments[1:], program or f"wattif {verb}"))
    usage = "usage: wattif VERB [options]\n\n" + "\n".join(f"  {name:<12}{text}" for name, text in VERBS.items())
    if verb in ("-h", "--help"):
        print(f"{wattif.__doc__}\n\n{usage}\n\nTo list the options of a verb, run 'wattif VERB --help'.")
        return 0
    print(f"wattif: error: there is no verb {verb!r}{did_you_mean(verb, VERBS)}\n{usage}", file=sys.stderr)
    return UsageError.exit_code


def run(name: str, arguments: Sequence[str], program: str) -> int:
    """Do the verb *name*; the exit code."""
    from pydantic import ValidationError

    from wattif.cli import messages
    from wattif.cli.options import read_options

    verb: Verb[Any] = import_module(f"wattif.cli.{name}").VERB
    origins = messages.Origins()
    stop = threading.Event()
    _listen_to_signals(stop, ends_when_asked=verb.ends_when_asked)
    try:
        options = read_options(verb.options, arguments, program, stored=verb.stored, origins=origins)
        return verb.run(options, stop)
    except (Interrupted, KeyboardInterrupt):
        print(f"{program}: interrupted: {verb.interrupted}", file=sys.stderr)
        return INTERRUPTED
    except ValidationError as error:
        return _fail(program, messages.of_validation(error, origins), UsageError.exit_code)
    except WattIfError as error:
        return _fail(program, messages.of_error(error, origins), error.exit_code)
    except BrokenPipeError:  # whoever read what was printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _fail(program: str, lines: Iterable[str], code: int) -> int:
    for line in lines:
        print(f"{program}: error: {line}", file=sys.stderr)
    return code


def _listen_to_signals(stop: threading.Event, *, ends_when_asked: bool) -> None:
    """The first signal sets *stop*, and interrupts what does not look at it; the second leaves at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(INTERRUPTED)
        stop.set()
        if not ends_when_asked:
            raise KeyboardInterrupt
        os.write(2, b"\nstopping; once more to leave at once\n")

    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if each != signal.SIGHUP or signal.getsignal(each) != signal.SIG_IGN:  # nohup wants it ignored
            signal.signal(each, handle)


def _leave(code: int) -> int:
    """The exit code; uploads that did not end in time are left behind, not waited for."""
    if any(thread.name.startswith(("uploader", "opener")) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
