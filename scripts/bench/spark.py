"""A sum of readings in Spark, two threads, beside DuckDB's of the same rows by `wattif.read`, one thread.

python -m scripts.bench.spark [--rounds 3] [--meters 300] [--days 5]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb

import wattif
from tests.spark_session import spark_session

FEW = "mac STRING, consumption_wh DECIMAL(18,3), dt DATE"
Sums = tuple[int, Decimal]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--meters", type=int, default=300)
    parser.add_argument("--days", type=int, default=5)
    arguments = parser.parse_args()
    spec = wattif.Spec(start="2024-01-01", end=f"2024-01-{arguments.days:02}", meters=arguments.meters)

    def by_duckdb(columns: list[str] | None = None) -> Sums:
        rows = duckdb.from_arrow(wattif.read(spec, columns=columns, numbers="decimal"))
        return _sums(rows.aggregate("count(*), sum(consumption_wh)").fetchall()[0])

    with tempfile.TemporaryDirectory() as name, spark_session(Path(name)) as spark:
        reader = spark.read.format("wattif").options(**spec.model_dump(mode="json", exclude_none=True))
        frames = [reader.load(), reader.schema(FEW).load()]
        ways: dict[str, Callable[[], Sums]] = {
            "Spark, all columns": lambda: _sums(frames[0].selectExpr("count(*)", "sum(consumption_wh)").collect()[0]),
            "Spark, three columns": lambda: _sums(frames[1].selectExpr("count(*)", "sum(consumption_wh)").collect()[0]),
            "DuckDB, all columns": by_duckdb,
            "DuckDB, two columns": lambda: by_duckdb(["mac", "consumption_wh"]),
        }
        found = {way: sums() for way, sums in ways.items()}  # compiles, and starts Spark's processes
        assert len(set(found.values())) == 1, found
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(arguments.rounds):
            for way, sums in ways.items():
                began = time.perf_counter()
                count, _ = sums()
                rates[way].append(count / (time.perf_counter() - began) / 1e6)
    for way, each in rates.items():
        median = statistics.median(each)
        print(f"{way:22} {median:6.2f} million readings/s ({min(each):.2f} to {max(each):.2f})")


def _sums(row: tuple[int, Decimal]) -> Sums:
    return row[0], row[1]


if __name__ == "__main__":
    main()
