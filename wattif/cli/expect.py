"""`wattif expect`: compute what the tables downstream must hold."""

from __future__ import annotations

import os
from contextlib import nullcontext
from pathlib import Path
from threading import Event

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from wattif.cli.announce import telling_what_compiles
from wattif.cli.options import Options
from wattif.cli.place import PlaceOptions
from wattif.cli.stored import stored_options
from wattif.cli.verb import Verb
from wattif.spec import Spec


class ExpectOptions(Options, PlaceOptions, Spec):
    """Compute what every table downstream must contain, from the options of the dataset alone.

    The options are read from the lake: give --lake, or --bucket and --prefix. Without a lake, give the options.
    """

    model_config = SettingsConfigDict(cli_shortcuts={"quiet": "q"})

    out: Path | None = Field(None, description="folder for the tables (default: _wattif/expected/ in the lake)")
    time_zone: str = Field(
        "UTC",
        description="also sum by local day and month: local (the zone of each city), or a zone such as Asia/Kolkata",
    )
    workers: int = Field(
        default_factory=lambda: os.cpu_count() or 1,
        ge=1,
        description="threads that compute (default: one per processor)",
    )
    quiet: bool = Field(False, description="print only warnings and errors")


def _run(options: ExpectOptions, stop: Event) -> int:
    from wattif.answers.expect import expect

    with nullcontext() if options.quiet else telling_what_compiles():
        made = expect(
            options.part(Spec),
            options.url,
            out=options.out,
            time_zone=options.time_zone,
            workers=options.workers,
            retry=options.retry,
            stop=stop,
        )
    if not options.quiet:
        print(f"{made.hours:,} hours of {made.readings:,} readings, {made.seconds:.1f} s\ntables: {made.place}")
    return 0


VERB = Verb(
    options=ExpectOptions,
    run=_run,
    interrupted="only tables of whole months were written; run the same command again",
    stored=stored_options,
)
