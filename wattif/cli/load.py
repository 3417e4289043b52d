"""`wattif load`: load the committed days of a lake into a warehouse."""

from __future__ import annotations

from threading import Event
from typing import Self

from pydantic import Field, model_validator

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report
from wattif.errors import InvalidValue
from wattif.spec.values import Day


class LoadOptions(Options, WarehouseOptions):
    """Load the committed days of a lake into a warehouse. Days that are already loaded are skipped."""

    start: Day | None = Field(
        None, description="first day (UTC) to load, YYYY-MM-DD (default: the first one in the lake)"
    )
    end: Day | None = Field(None, description="last day (UTC) to load, inclusive (default: the last one in the lake)")
    external: bool = Field(
        False, description="for BigQuery: create an external table over the bucket instead of copying the readings"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise InvalidValue("end", self.end, f"is before `start` {self.start}; swap them")
        if self.external and (self.warehouse != "bigquery" or self.bucket is None):
            reason = "needs BigQuery and a bucket; add `warehouse` bigquery and `bucket`, or leave it out"
            raise InvalidValue("external", True, reason)
        if self.external and (self.start is not None or self.end is not None):
            raise InvalidValue("external", True, "covers all days of the lake; leave out `start` and `end`")
        return self


def _run(options: LoadOptions, stop: Event) -> int:
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
