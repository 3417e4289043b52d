"""`wattif load`: load the committed days of a lake, a grid data set, or incidents into a warehouse."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Self

from pydantic import Field, model_validator

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report
from wattif.errors import InvalidValue
from wattif.spec.values import Day
from wattif.warehouse.place import WarehousePlace

_FOLDERS = ("grid", "incidents")
_OF_A_LAKE = ("bucket", "lake", "prefix", "start", "end", "external")


class LoadOptions(Options, WarehouseOptions):
    """Load the committed days of a lake, a grid data set, or incidents into a warehouse.

    What is already loaded is skipped.
    """

    grid: Path | None = Field(
        None,
        description="folder of a grid data set to load instead of a lake, by default into ./wattif.duckdb",
    )
    incidents: Path | None = Field(
        None,
        description="folder of incidents to load instead of a lake, or one with the folders of all their shards, by"
        " default into ./wattif.duckdb",
    )
    start: Day | None = Field(
        None, description="first day (UTC) to load, YYYY-MM-DD (default: the first one in the lake)"
    )
    end: Day | None = Field(None, description="last day (UTC) to load, inclusive (default: the last one in the lake)")
    external: bool = Field(
        False, description="for BigQuery: create an external table over the bucket instead of copying the readings"
    )

    @model_validator(mode="after")
    def _loads_one_thing(self) -> Self:
        folders = [name for name in _FOLDERS if getattr(self, name) is not None]
        others = [*folders[1:], *_OF_A_LAKE] if folders else []
        for name in (each for each in others if each in self.model_fields_set):
            reason = f"but `{folders[0]}` {getattr(self, folders[0])} is loaded, too; leave one of them out"
            raise InvalidValue(name, getattr(self, name), reason)
        return self

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidValue("end", self.end, f"is before `start` {self.start}; swap them")
        if self.external and (self.warehouse != "bigquery" or not self.url.startswith("gs://")):
            reason = (
                "needs BigQuery and a bucket of Cloud Storage; add `warehouse` bigquery and `bucket`, or leave it out"
            )
            raise InvalidValue("external", True, reason)
        if self.external and (self.start is not None or self.end is not None):
            raise InvalidValue("external", True, "covers all days of the lake; leave out `start` and `end`")
        return self


def _run(options: LoadOptions, stop: Event) -> int:
    if options.grid is not None:
        from wattif.grid.load import load_grid

        place = options.part(WarehousePlace)
        return print_report(load_grid(options.grid, place, retry=options.retry), as_json=options.as_json)
    if options.incidents is not None:
        from wattif.incidents.load import load_incidents

        place = options.part(WarehousePlace)
        return print_report(load_incidents(options.incidents, place, retry=options.retry), as_json=options.as_json)
    from wattif.warehouse.load import load

    report = load(
        options.url,
        options.warehouse_place,
        start=options.start,
        end=options.end,
        external=options.external,
        retry=options.retry,
    )
    return print_report(report, as_json=options.as_json)


VERB = Verb(options=LoadOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
