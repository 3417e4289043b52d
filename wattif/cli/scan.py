"""`wattif scan`: flag hours unlike the ones before."""

from __future__ import annotations

from threading import Event

from wattif.cli.options import Options
from wattif.cli.place import WarehouseOptions
from wattif.cli.verb import Verb
from wattif.cli.warehouse import INTERRUPTED, print_report
from wattif.verdict.scan_options import ScanOptions as WhatIsScanned


class ScanOptions(Options, WhatIsScanned, WarehouseOptions):
    """Scan the hours for anomalies: learn from a first period, judge the hours after it."""


def _run(options: ScanOptions, stop: Event) -> int:
    from wattif.verdict.scan import scan

    report = scan(options.warehouse_place, options.part(WhatIsScanned), retry=options.retry)
    return print_report(report, as_json=options.as_json)


VERB = Verb(options=ScanOptions, run=_run, interrupted=INTERRUPTED, ends_when_asked=False)
