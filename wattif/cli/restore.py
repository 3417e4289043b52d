"""`wattif restore`: bring an archived day of readings back into PostgreSQL."""

from __future__ import annotations

from threading import Event

from pydantic import Field

from wattif.cli.archive import DatabaseOptions
from wattif.cli.options import Options
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report
from wattif.spec.values import Day
from wattif.warehouse.place import WarehousePlace


class RestoreOptions(Options, DatabaseOptions):
    """Bring an archived day of readings back into PostgreSQL, and remove it from its archive."""

    day: Day = Field(description="the day (UTC), YYYY-MM-DD")


def _run(options: RestoreOptions, stop: Event) -> int:
    from wattif.archive.restore import restore

    report = restore(options.part(WarehousePlace), options.day, retry=options.retry)
    return print_report(report, as_json=options.as_json)


VERB = Verb(options=RestoreOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
