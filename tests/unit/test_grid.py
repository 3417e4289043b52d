"""The grid data set: its months, its transformers, its distributions."""

from __future__ import annotations

from decimal import Decimal

import pytest

import wattif
from wattif.grid.generate import grid_of_dataset


@pytest.mark.parametrize("kinds", ["clock_skew", "missing,clock_reset", "exchange,swapped,estimated,catch_up"])
def test_rows_that_clocks_tell_of_other_days_are_in_the_month_that_they_tell(kinds: str) -> None:
    """Two days in the middle of a month, or around its end: what the tables downstream expect, meter by meter."""
    for start, end in (("2024-01-10", "2024-01-11"), ("2024-01-30", "2024-02-01")):
        spec = wattif.Spec(
            start=start, end=end, meters=300, interval=60, anomaly_rate=1.0, anomalies=kinds, ev_share=0.5
        )
        monthly = wattif.expect(spec)["monthly"].to_pylist()
        expected = {(row["mac"], f"{row['month']:%Y_%m}"): row["consumption_wh"] for row in monthly}
        data = grid_of_dataset(spec)
        for part in data.parts():
            for row in part.table.to_pylist():
                for month in data.months:
                    name = f"{month:%Y_%m}"
                    told_wh = round(Decimal(row[f"monthly_consumption_{name}"]) * 1000, 3)
                    assert told_wh == expected.get((row["mac"], name), 0), (start, row["mac"], name)
