"""Grid data sets in folders."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from wattif.grid import Grid
from wattif.tables.arrow import table_ndjson


def _write_csv(table: pa.Table, path: Path) -> None:
    """As pandas writes it, times in ISO 8601."""
    table.to_pandas().to_csv(path, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")


def _write_ndjson(table: pa.Table, path: Path) -> None:
    path.write_bytes(table_ndjson(table))


_WRITERS = {"csv": _write_csv, "parquet": pq.write_table, "ndjson": _write_ndjson}
FORMATS = tuple(_WRITERS)


def write_grid(grid: Grid, folder: Path, ending: str = "csv") -> Path:
    """The three tables of *grid* in *folder*, which is made."""
    folder.mkdir()
    tables = {
        "transformers": grid.transformers,
        "meter_consumption": grid.meters,
        "anomaly_labels": grid.anomaly_labels,
    }
    for name, table in tables.items():
        _WRITERS[ending](table, folder / f"{name}.{ending}")
    return folder
