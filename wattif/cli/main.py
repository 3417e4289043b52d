"""From the words of the command line to an exit code.

0 done, 1 failed, 2 wrong usage, 130 interrupted. SIGINT, SIGTERM, and SIGHUP are handled alike: the first one ends the
run in order, the second at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, field
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING, Any

import wattif
from wattif.cli.output import print_in_any_encoding
from wattif.cli.verbs import VERBS
from wattif.errors import Interrupted, UsageError, WattIfError, did_you_mean

if TYPE_CHECKING:
    from wattif.cli.verb import Verb

INTERRUPTED = Interrupted.exit_code


def main(arguments: Sequence[str] | None = None, program: str | None = None) -> int:
    """Do what the words of the command line ask for; the exit code. *program*: what its messages begin with."""
    callers = set(threading.enumerate())
    arguments = sys.argv[1:] if arguments is None else arguments
    print_in_any_encoding()
    try:
        code = exit_code(arguments, program)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read what was printed has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    return _leave(code, callers)


def exit_code(arguments: Sequence[str], program: str | None = None) -> int:
    """Do what the words of the command line ask for, in a process that goes on afterwards; the exit code."""
    verb = arguments[0] if arguments else "--help"
    if "--version" in arguments:
        print(f"wattif {wattif.__version__}")
        return 0
    if verb in VERBS:
        return _run(verb, arguments[1:], program or f"wattif {verb}")
    usage = "usage: wattif VERB [options]\n\n" + "\n".join(f"  {name:<12}{text}" for name, text in VERBS.items())
    if verb in ("-h", "--help"):
        print(f"{wattif.__doc__}\n\n{usage}\n\nTo list the options of a verb, run 'wattif VERB --help'.")
        return 0
    print(f"wattif: error: unknown verb {verb!r}{did_you_mean(verb, VERBS)}\n{usage}", file=sys.stderr)
    return UsageError.exit_code


def _run(name: str, arguments: Sequence[str], program: str) -> int:
    """Do the verb *name*; the exit code."""
    failures = _listen_to_threads(program)
    try:
        code = _do(name, arguments, program, failures.stop)
    except KeyboardInterrupt:  # while modules were imported
        print(f"{program}: interrupted: nothing was begun", file=sys.stderr)
        code = INTERRUPTED
    except MemoryError:
        return _fail(program, ["not enough memory; raise the limit (ulimit -v), or ask for fewer threads"], 1)
    except (ImportError, OSError, SystemError) as error:  # the last: C code that lacks memory
        if isinstance(error, BrokenPipeError):
            raise
        return _fail(program, [f"the system refuses: {_first_line(error)}"], 1)
    except RuntimeError as error:
        if not str(error).startswith("can't start new thread"):
            raise
        reason = "the system starts no more threads; raise its limits (ulimit -v, ulimit -u), or ask for fewer"
        return _fail(program, [reason], 1)
    except SystemExit as left:  # --help was printed
        code = left.code if isinstance(left.code, int) else 0
    return code or int(failures.any)


def _do(name: str, arguments: Sequence[str], program: str, stop: threading.Event) -> int:
    from pydantic import ValidationError

    from wattif.cli.messages import Origins, of_error, of_validation
    from wattif.cli.options import read_options

    verb: Verb[Any] = import_module(f"wattif.cli.{name}").VERB
    origins = Origins()
    _listen_to_signals(stop, ends_when_asked=verb.ends_when_asked)
    try:
        options = read_options(verb.options, arguments, program, stored=verb.stored, origins=origins)
        return verb.run(options, stop)
    except (Interrupted, KeyboardInterrupt):
        print(f"{program}: interrupted: {verb.interrupted}", file=sys.stderr)
        return INTERRUPTED
    except ValidationError as error:
        return _fail(program, of_validation(error, origins), UsageError.exit_code)
    except WattIfError as error:
        return _fail(program, of_error(error, origins), error.exit_code)


def _fail(program: str, lines: Iterable[str], code: int) -> int:
    from wattif.warehouse.place import without_passwords

    for line in lines:
        print(without_passwords(f"{program}: error: {line}"), file=sys.stderr)
    return code


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


@dataclass
class _Failures:
    """What went wrong in threads that nobody asks for their result."""

    stop: threading.Event = field(default_factory=threading.Event)
    any: bool = False


def _listen_to_threads(program: str) -> _Failures:
    """An exception that ends a thread ends the run, too: in order, and with an exit code that says so."""
    failures = _Failures()

    def hear(what: threading.ExceptHookArgs) -> None:
        name = what.thread.name if what.thread is not None else "a thread"
        print(f"{program}: error: {name} failed: {what.exc_type.__name__}: {what.exc_value}", file=sys.stderr)
        failures.any = True
        failures.stop.set()

    threading.excepthook = hear
    return failures


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


def _leave(code: int, callers: Set[threading.Thread]) -> int:
    """The exit code; threads that did not end in time (uploads, after a failure any) are left, not waited for.

    Those of *callers* were there before, and are their own affair.
    """
    others = [thread for thread in threading.enumerate() if thread not in callers and not thread.daemon]
    if any(code != 0 or thread.name.startswith(("uploader", "opener")) for thread in others):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code
