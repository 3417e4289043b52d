"""`wattif grid`: transformers, meters, monthly consumption and labels as small tables."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from wattif.cli.announce import telling_what_compiles
from wattif.cli.data_set import DataSetOptions, OutputDir
from wattif.cli.logs import log_to_stderr
from wattif.cli.messages import names_of
from wattif.cli.verb import Verb
from wattif.errors import InvalidValue
from wattif.grid.spec import GridSpec

if TYPE_CHECKING:
    from wattif.grid.write import Written


class GridOptions(DataSetOptions, GridSpec):
    """Write the grid data set: transformers, meters with what each used every month, labels, a map layer, a report.

    The months are the sums of the 10-second readings that `wattif generate` writes for the same city.
    """

    model_config = SettingsConfigDict(cli_shortcuts={"verbose": "v"})

    lake: str | None = Field(
        None,
        description="a lake whose network, months and labels to take, an address or a folder",
    )
    output_dir: OutputDir = Path("generated_data")
    verbose: bool = Field(False, description="log each step with its time")

    @model_validator(mode="before")
    @classmethod
    def _says_one_thing(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("lake") is not None:
            for name, field in GridSpec.model_fields.items():
                given = next((data[each] for each in names_of(name, field) if each in data), None)
                if given is not None:
                    reason = f"is what `lake` {data['lake']} says; leave it out, or leave out `lake`"
                    raise InvalidValue(name, given, reason)
        return data


def _run(options: GridOptions, stop: Event) -> int:
    log_to_stderr(verbose=options.verbose)
    with telling_what_compiles():
        written = _write(options)
    print(
        f"meters {written.meters:,}, transformers {written.transformers:,}, months {written.months},"
        f" energy {written.energy_kwh:,.0f} kWh, labels {written.labels:,}; {written.checks} checks passed\n"
        f"data: {written.folder.absolute()}"
    )
    return 0


def _write(options: GridOptions) -> Written:
    from wattif.grid.run import write_grid, write_grid_of

    output_format, overwrite = options.output_format, options.overwrite
    if options.lake is None:
        return write_grid(options.part(GridSpec), options.output_dir, output_format=output_format, overwrite=overwrite)
    from wattif.face.lakes import Lake
    from wattif.lake.open import open_store
    from wattif.lake.stored import same_spec

    store = open_store(options.lake)
    dataset = same_spec(store)
    status = Lake(store, dataset).status()
    if not status.complete:
        logging.getLogger("wattif").warning(
            "%s: %s of %s batches are committed; months are those of the whole dataset",
            options.lake,
            f"{status.batches_committed:,}",
            f"{status.batches:,}",
        )
    return write_grid_of(dataset, options.output_dir, output_format=output_format, overwrite=overwrite)


VERB = Verb(options=GridOptions, run=_run, interrupted="nothing was written", ends_when_asked=False)
