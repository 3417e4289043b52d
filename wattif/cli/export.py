"""`wattif export`: meter-data exchange files, as utilities send them to each other."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from threading import Event

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from wattif.cli.announce import telling_what_compiles
from wattif.cli.options import Options
from wattif.cli.place import PlaceOptions
from wattif.cli.stored import stored_options
from wattif.cli.verb import Verb
from wattif.exchange import standard_names, standard_of
from wattif.spec import Spec
from wattif.wording import size_text


class ExportOptions(Options, PlaceOptions, Spec):
    """Write the readings of a dataset as meter-data exchange files: whole local days, a file a month and some meters.

    The options are read from the lake: give --lake, or --bucket and --prefix. Without a lake, give the options.
    """

    model_config = SettingsConfigDict(cli_shortcuts={"quiet": "q"})

    standard: str = Field(description=f"standard of the files: {', '.join(standard_names())}")
    out: Path = Field(Path("exchange"), description="folder to write; new or empty")
    quiet: bool = Field(False, description="print only warnings and errors")

    @field_validator("standard")
    @classmethod
    def _is_known(cls, value: str) -> str:
        return standard_of(value).name


def _run(options: ExportOptions, stop: Event) -> int:
    from wattif.exchange.run import export

    with nullcontext() if options.quiet else telling_what_compiles():
        made = export(options.part(Spec), options.standard, options.out, stop=stop)
    if not options.quiet:
        print(
            f"{made.readings:,} readings from {made.first_day} to {made.last_day}, {made.files:,} files,"
            f" {size_text(made.bytes)}, {made.seconds:.1f} s\nfiles: {made.folder.absolute()}"
        )
    return 0


VERB = Verb(
    options=ExportOptions,
    run=_run,
    interrupted="the last file is not whole; empty the folder and run the same command again",
    stored=stored_options,
)
