"""A warehouse's table of a small dataset, to be damaged, and what a reconciliation says of it."""

from __future__ import annotations

from pathlib import Path

import duckdb

from tests.asking import Asked
from tests.rows import clean_lines, load
from wattif.answers.hour_parts import Renamed
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.sources import DuckDbSource
from wattif.answers.reconcile.table_reconciliation import Counts, TableReconciliation
from wattif.engine.plan import Plan
from wattif.faults.plan import FaultPlan
from wattif.model.fleet import mac_text
from wattif.model.scenario import scenario_of


class Table:
    """A DuckDB file with the readings of a small dataset, and what a reconciliation says of it."""

    def __init__(self, asked: Asked, folder: Path) -> None:
        self.asked, self.folder = asked, folder
        self.scenario = scenario_of(asked)
        self.macs = [mac.decode() for mac in mac_text(self.scenario.fleet.macs)]
        self.path = folder / "warehouse.duckdb"
        with duckdb.connect(self.path) as connection:
            load(connection, "readings", folder / "rows", clean_lines(asked))

    def change(self, *statements: str) -> None:
        with duckdb.connect(self.path) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for statement in statements:
                connection.execute(statement)

    def reconcile(
        self, faults: FaultPlan | None = None, *, table: str = "readings", renamed: Renamed | None = None
    ) -> tuple[list[Difference], Counts]:
        source = DuckDbSource.of_table(self.path, table)
        plan = Plan.of(self.asked)
        try:
            with TableReconciliation(self.scenario, plan, faults, source, renamed=renamed, workers=2) as held:
                counts = held.run()
                return list(held.differences()), counts
        finally:
            source.close()

    def of_meter(self, number: int) -> str:
        return f"mac = '{self.macs[number]}'"
