"""The command line: one verb, one function, no logic. `python generator.py …` is `python -m wattif generate …`."""

from __future__ import annotations

import importlib
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TYPE_CHECKING

import wattif
from wattif.errors import Interrupted, WattIfError

if TYPE_CHECKING:
    from wattif.engine.pipeline import Figures
    from wattif.settings import GenerateSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """``python -m wattif VERB …``; the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    verb = arguments[0] if arguments else "--help"
    if verb in VERBS:
        return VERBS[verb][0](arguments[1:], f"wattif {verb}")
    if verb == "--version":
        print(f"wattif {wattif.__version__}")
        return 0
    usage = "usage: wattif VERB [options]\n\n" + "\n".join(f"  {name:<12}{text}" for name, (_, text) in VERBS.items())
    if verb in ("-h", "--help"):
        print(f"{wattif.__doc__}\n\n{usage}\n\n'wattif VERB --help' lists the options of a verb.")
        return 0
    print(f"wattif: error: there is no verb {verb!r}\n{usage}", file=sys.stderr)
    return 2


def generate(arguments: Sequence[str], program: str) -> int:
    """Generate readings into the lake; the exit code."""
    if "--version" in arguments:
        print(f"wattif {wattif.__version__}")
        return 0
    stop = threading.Event()
    _stop_on_signals(stop)
    try:
        from wattif.options import read_settings
        from wattif.settings import GenerateSettings

        settings = read_settings(GenerateSettings, arguments, program)
        _log_to_stderr(settings)
        if not settings.quiet:
            _announce_compiling()
        if settings.dry_run:
            from wattif.engine.estimate import describe

            print(describe(settings))
            return 0
        from wattif.engine.run import generate as run

        if settings.quiet:
            figures = run(settings, stop)
        else:
            from wattif.cli_progress import ProgressBars

            with ProgressBars() as bars:
                figures = run(settings, stop, progress=bars)
    except WattIfError as error:
        return _leave(_fail(program, error))
    if not settings.quiet:
        print(_summary(settings, figures))
    return 0


def show(arguments: Sequence[str], program: str) -> int:
    """Draw a meter, a class or the fleet; the exit code."""
    try:
        from wattif.options import read_settings
        from wattif.show.settings import ShowSettings

        settings = read_settings(ShowSettings, arguments, program)
        from wattif.show.run import show as run

        _announce_compiling()
        run(settings)
    except WattIfError as error:
        return _fail(program, error)
    print(settings.out)
    return 0


def expect(arguments: Sequence[str], program: str) -> int:
    """Compute the tables that must be found downstream; the exit code."""
    stop = threading.Event()
    _stop_on_signals(stop)
    try:
        from wattif.answers.expect_settings import ExpectSettings
        from wattif.lake.place import stored_options
        from wattif.options import read_settings

        settings = read_settings(ExpectSettings, arguments, program, stored=stored_options)
        from wattif.answers.expect import expect as run

        if not settings.quiet:
            _announce_compiling()
        made = run(settings, stop)
    except Interrupted as error:
        print(f"{program}: interrupted: only tables of whole months were written; run it again", file=sys.stderr)
        return error.exit_code
    except WattIfError as error:
        return _fail(program, error)
    if not settings.quiet:
        print(f"{made.hours:,} hours of {made.readings:,} readings, {made.seconds:.1f} s\ntables: {made.place}")
    return 0


def reconcile(arguments: Sequence[str], program: str) -> int:
    """Compare a lake, or a table made of it, with what must be there; 0 only when all is explained."""
    stop = threading.Event()
    _stop_on_signals(stop)
    try:
        from wattif.answers.reconcile.settings import ReconcileSettings
        from wattif.lake.place import stored_options
        from wattif.options import read_settings

        settings = read_settings(ReconcileSettings, arguments, program, stored_options)
        from wattif.answers.reconcile.run import reconcile as run

        if settings.deep or settings.of_table:
            _announce_compiling()
        explained = run(settings, sys.stdout, stop)
        sys.stdout.flush()
    except Interrupted as error:
        print(f"{program}: interrupted: nothing was changed", file=sys.stderr)
        return error.exit_code
    except WattIfError as error:
        return _fail(program, error)
    except BrokenPipeError:  # the reader of the report has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return 0 if explained else 1


def dataplex(arguments: Sequence[str], program: str) -> int:
    """Check the hourly readings in BigQuery; the exit code: 0 also says that all rules passed."""
    try:
        from wattif.dataplex.settings import DataplexSettings
        from wattif.options import read_settings

        settings = read_settings(DataplexSettings, arguments, program)
        from wattif.dataplex.act import act

        answer = act(settings)
    except WattIfError as error:
        return _fail(program, error)
    except KeyboardInterrupt:
        print(f"{program}: interrupted: what was asked for may go on in the cloud; ask for 'results'", file=sys.stderr)
        return Interrupted.exit_code
    print(answer.text)
    return 0 if answer.passed else 1


def load(arguments: Sequence[str], program: str) -> int:
    """Load committed days of the lake into the warehouse; the exit code."""
    return _report("warehouse", "load", "LoadSettings", arguments, program)


def rollup(arguments: Sequence[str], program: str) -> int:
    """Roll up what was loaded, by hour and month; the exit code."""
    return _report("warehouse", "rollup", "RollupSettings", arguments, program)


def scan(arguments: Sequence[str], program: str) -> int:
    """Scan the hours for anomalies; the exit code."""
    return _report("verdict", "scan", "ScanSettings", arguments, program)


def score(arguments: Sequence[str], program: str) -> int:
    """Score the scan against the labels; the exit code."""
    return _report("verdict", "score", "ScoreSettings", arguments, program)


def _report(package: str, verb: str, settings_name: str, arguments: Sequence[str], program: str) -> int:
    """Do a verb of the warehouse and print its report, for people or as JSON; the exit code."""
    try:
        from wattif.options import read_settings
        from wattif.warehouse import settings as known

        settings = read_settings(getattr(known, settings_name), arguments, program)
        report = getattr(importlib.import_module(f"wattif.{package}.{verb}"), verb)(settings)
    except WattIfError as error:
        return _fail(program, error)
    except KeyboardInterrupt:
        print(f"{program}: interrupted: whole days stay as they are; run the same command to go on", file=sys.stderr)
        return Interrupted.exit_code
    if settings.as_json:
        import orjson

        print(orjson.dumps(report).decode())
    else:
        print(report.summary)
    return 0


VERBS: dict[str, tuple[Callable[[Sequence[str], str], int], str]] = {
    "generate": (generate, "write the readings of a fleet of meters into the lake"),
    "expect": (expect, "compute what the tables downstream must hold, without reading the lake"),
    "show": (show, "draw a meter, a class of meters or the whole fleet"),
    "reconcile": (reconcile, "compare a lake, or a table made of it, with what must be there"),
    "load": (load, "load the lake into a warehouse: DuckDB here, or BigQuery"),
    "rollup": (rollup, "roll the loaded readings up by hour and month"),
    "scan": (scan, "scan the hours for anomalies"),
    "score": (score, "score the scan against the labels: precision, recall and delay by kind"),
    "dataplex": (dataplex, "check the hourly readings in BigQuery with a Dataplex scan"),
}


def _announce_compiling() -> None:
    from wattif.numeric import jit

    if not jit.are_compiled():
        print("compiling the model for this machine: once, about half a minute", file=sys.stderr)


def _fail(program: str, error: WattIfError) -> int:
    """Say what is wrong; the exit code."""
    for line in _lines(error):
        print(f"{program}: {line}", file=sys.stderr)
    return error.exit_code


def _lines(error: WattIfError) -> list[str]:
    if isinstance(error, Interrupted):
        return ["interrupted: what is committed stays, what is sealed waits in staging; run the same command to go on"]
    return [f"error: {line}" for line in str(error).splitlines()]


def _log_to_stderr(settings: GenerateSettings) -> None:
    level = logging.DEBUG if settings.verbose else logging.WARNING
    form = (
        "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"
        if settings.verbose
        else "%(levelname)s: %(message)s"
    )
    logging.basicConfig(stream=sys.stderr, format=form, datefmt="%H:%M:%S")
    logging.getLogger("wattif").setLevel(level)
    if not settings.verbose:  # what its warnings say comes as an error of ours
        logging.getLogger("google").setLevel(logging.ERROR)


def _stop_on_signals(stop: threading.Event) -> None:
    """The first SIGINT or SIGTERM sets *stop*, the second leaves at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            os._exit(130)
        os.write(2, b"\nstopping; once more to leave at once\n")
        stop.set()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def _leave(code: int) -> int:
    """The exit code; uploads that did not end in time are left behind, not waited for."""
    if any(thread.name.startswith(("uploader", "opener")) for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    return code


def _summary(settings: GenerateSettings, figures: Figures) -> str:
    seconds = max(figures.seconds, 1e-9)
    if settings.bucket is None:
        place = str((settings.lake / settings.prefix).absolute())
        energy = ", sum(consumption_wh::DECIMAL(18, 3))" if "consumption_wh" in settings.column_names else ""
        step = f"""duckdb -c "SELECT count(*){energy} FROM read_json('{place}/dt=*/*.json')\""""
    else:
        place = f"gs://{settings.bucket}/{settings.prefix}".rstrip("/")
        step = f"gcloud storage ls --long '{place}/dt={settings.start}/'"
    skipped = f" ({figures.batches_skipped:,} batches were there already)" if figures.batches_skipped else ""
    return (
        f"{figures.readings:,} readings in {figures.files:,} files, {figures.bytes:,} bytes, {figures.seconds:.1f} s:"
        f" {figures.readings / seconds / 1e6:.1f} million readings/s, {figures.bytes / seconds / 1e6:,.0f} MB/s"
        f"{skipped}\n"
        f"data: {place}\n"
        f"next: {step}"
    )
