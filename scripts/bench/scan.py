"""How fast does DuckDB scan? 10,000 meters and 30 days of made-up hours, both metrics.

python -m scripts.bench.scan [--meters N] [--days N] [--folder DIR]
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from wattif.verdict.scan import scan_hours
from wattif.verdict.scan_options import ScanOptions
from wattif.warehouse.duckdb_warehouse import DuckDBWarehouse
from wattif.warehouse.tables import HOURLY, LOADS

FIRST = date(2024, 1, 1)
# A day with an evening, a level for each meter, and chance with a heavy tail.
HOURS = """
INSERT INTO smart_meter_readings_hour_rolled
SELECT
  printf('02:00:00:%02X:%02X:%02X', meter // 65536, meter // 256 % 256, meter % 256),
  TIMESTAMPTZ '2024-01-01 00:00:00+00' + to_hours(hour), avg_wh * 360, avg_wh, avg_wh * (1 + 2 * random()), 360
FROM (
  SELECT
    meter, hour,
    (1 + hash(meter) % 100 / 20) * (1.2 - cos(6.2832 * (hour % 24 - 5) / 24))
      * exp(0.8 * (random() + random() - 1)) AS avg_wh
  FROM range({meters}) AS meters(meter), range(24 * {days}) AS hours(hour)
)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        warehouse = DuckDBWarehouse(Path(folder) / "hours.duckdb", create=True)
        for table in (LOADS, HOURLY):
            warehouse.create_table(table)
        now = f"TIMESTAMP '{datetime.now(UTC):%Y-%m-%d %H:%M:%S}+00'"
        for day in range(arguments.days):
            warehouse.execute(
                "INSERT INTO wattif_loads (dt, load_id, loaded_at, rolled_up)"
                f" VALUES (DATE '{FIRST + timedelta(days=day)}', '{day}', {now}, TRUE)"
            )
        warehouse._run(HOURS.format(meters=arguments.meters, days=arguments.days))
        for train_days in (arguments.days // 2, arguments.days * 2 // 3, arguments.days - 2):
            options = ScanOptions(train_until=FIRST + timedelta(days=train_days - 1))
            began = time.perf_counter()
            report = scan_hours(options, warehouse)
            seconds = time.perf_counter() - began
            hours = sum(metric.hours for metric in report.metrics)
            print(f"{train_days} days learnt, {hours:,} hours judged: {seconds:.1f} s   (wanted: 60 s)")
        warehouse.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
