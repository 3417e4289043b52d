"""`wattif generate`: write a dataset into a lake."""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Self

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from wattif.cli.logs import log_to_stderr
from wattif.cli.options import Options
from wattif.cli.place import PlaceOptions
from wattif.cli.verb import Verb
from wattif.engine.run_options import RunOptions
from wattif.errors import InvalidValue
from wattif.spec import Spec

if TYPE_CHECKING:
    from wattif.engine.figures import Figures


class GenerateOptions(Options, RunOptions, PlaceOptions, Spec):
    """Write the readings of a fleet of smart meters, day by day, into a bucket or a local folder."""

    model_config = SettingsConfigDict(cli_shortcuts={"verbose": "v", "quiet": "q"})

    dry_run: bool = Field(False, description="print what would be written: sizes, requests, time, money; write nothing")
    prices: Path | None = Field(None, description="TOML file of your own list prices, for --dry-run")
    version: bool = Field(False, description="print the version and exit")
    verbose: bool = Field(False, description="log each step with its time")
    quiet: bool = Field(False, description="print only warnings and errors")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.verbose and self.quiet:
            raise InvalidValue("quiet", True, "contradicts `verbose`; give only one of them")
        return self

    def check_written(self, written: Collection[str]) -> None:
        """See `Options.check_written`."""
        if "prices" in written and not self.dry_run:
            raise InvalidValue("prices", self.prices, "is for `dry_run`; add it, or leave it out")


def _run(options: GenerateOptions, stop: Event) -> int:
    log_to_stderr(verbose=options.verbose)
    spec, run = options.part(Spec), options.part(RunOptions)
    if options.dry_run:
        from wattif.engine.estimate import describe
        from wattif.engine.prices import load_prices

        scheme = options.url.partition("://")[0]
        for line in describe(spec, run, prices=load_prices(options.prices), scheme=scheme):
            print(line, flush=True)
        return 0
    from wattif.engine.run import generate

    if options.quiet:
        generate(spec, options.url, run, retry=options.retry, stop=stop)
        return 0
    from wattif.cli.progress import ProgressBars

    with ProgressBars() as bars:
        figures = generate(spec, options.url, run, retry=options.retry, stop=stop, progress=bars)
    print(_summary(options, figures))
    return 0


def _summary(options: GenerateOptions, figures: Figures) -> str:
    seconds = max(figures.seconds, 1e-9)
    skipped = f" ({figures.batches_skipped:,} batches already committed)" if figures.batches_skipped else ""
    place = options.url if options.folder is None else str(options.folder.absolute())
    late = "" if figures.lateness is None else f"arrival: {figures.lateness}\n"
    return (
        f"{figures.readings:,} readings in {figures.files:,} files, {figures.bytes:,} bytes,"
        f" {figures.total_seconds:.1f} s{skipped}\n"
        f"rate: {figures.readings / seconds / 1e6:.1f} million readings/s, {figures.bytes / seconds / 1e6:,.0f} MB/s"
        f" ({figures.seconds:.1f} s without the start)\n"
        f"{late}"
        f"data: {place}\n"
        f"next: {_next_step(options, place)}"
    )


def _next_step(options: GenerateOptions, place: str) -> str:
    """A command that looks at what was made."""
    from wattif.compress import file_compression
    from wattif.encode import encoder_type
    from wattif.tables.sql_text import duckdb_pattern

    encoder = encoder_type(options.format)
    in_other_store = options.folder is None and not place.startswith("gs://")
    if in_other_store or encoder.duckdb is None or "\\" in place:  # no pattern of DuckDB's can name such a folder
        where = ["--lake", options.lake] if options.bucket is None else ["--bucket", options.bucket]
        return shlex.join(["python", "-m", "wattif", "reconcile", *where, "--prefix", options.prefix])
    if place.startswith("gs://"):
        return f"gcloud storage ls --long {shlex.quote(f'{place}/dt={options.start}/')}"
    names = options.column_names
    energy = ", sum(consumption_wh::DECIMAL(18, 3))" if names is None or "consumption_wh" in names else ""
    ending = encoder.extension + file_compression(encoder, options.compression).suffix
    read = f"{encoder.duckdb}({duckdb_pattern(place, f'dt=*/*{ending}')})"
    return f"duckdb -c {_in_shell(f'SELECT count(*){energy} FROM {read}')}"


def _in_shell(text: str) -> str:
    """*text* as a word of the shell, in double quotes where that is legible."""
    return shlex.quote(text) if re.search(r'["$`\\!\n]', text) else f'"{text}"'


VERB = Verb(
    options=GenerateOptions,
    run=_run,
    interrupted="committed batches stay; to resume, run the same command",
)
