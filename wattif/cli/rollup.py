"""`wattif rollup`: roll the loaded days up by hour and month."""

from __future__ import annotations

from threading import Event

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report


class RollupOptions(Options, WarehouseOptions):
    """Roll the loaded days up, by hour and by month; days that are rolled up already are left alone."""


def _run(options: RollupOptions, stop: Event) -> int:
    from wattif.warehouse.rollup import rollup

    return print_report(rollup(options.warehouse_place, retry=options.retry), as_json=options.as_json)


VERB = Verb(options=RollupOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
