"""The kernels never touch memory outside their arrays: numba checks no index unless it is told to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import wattif
from tests.lakes import file_bytes
from tests.asking import Asked
days = {"start": "2024-01-31", "end": "2024-02-01"}
for changes in (
    {"meters": 60},
    {"meters": 45, "interval": 60, "meters_per_file": 7},
    {"meters": 2, "interval": 25},
    {"meters": 2, "interval": 1},
    {"meters": 100, "interval": 3600, "seed": 2**63 - 1},
    {"meters": 1, "columns": "status"},
    {"meters": 60, "class_mix": "commercial=0.5,industrial=0.5", "city": "sydney,new-york,tokyo"},
    {"meters": 40, "class_mix": "residential=1", "solar_share": 1, "ev_share": 1, "interval": 25, "city": "london"},
):
    assert file_bytes(Asked(**{**days, **changes}))
    for name in ("ndjson", "csv"):
        assert file_bytes(Asked(**{**days, **changes, "compression": "gzip", "format": name}))
    assert file_bytes(Asked(**{**days, **changes, "format": "parquet", "row_group_rows": 20_001}))
assert file_bytes(Asked(**days, meters=20, interval=900, anomaly_rate=1, compression="gzip"))
assert file_bytes(Asked(**days, meters=20, interval=900, anomaly_rate=1, format="parquet", row_group_rows=333))
assert len(wattif.read(wattif.Spec(**days, city="berlin", extra_tables="air_quality"), "air_quality").read_all())
"""


@pytest.mark.timeout(600)  # it compiles all kernels
def test_no_index_is_out_of_bounds(tmp_path: Path) -> None:
    environment = {**os.environ, "NUMBA_BOUNDSCHECK": "1", "WATTIF_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
