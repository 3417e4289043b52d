"""Write tests/golden/faults.json anew: what arrives of lakes with faults, their labels and manifests.

    python -m scripts.renew_golden_faults

As with scripts/renew_golden.py: only when bytes are meant to change, which CHANGELOG.md then says.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import Any

import orjson

import wattif
from wattif.lake import layout
from wattif.tables.readings import FIELD_NAMES

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "faults.json"
_EACH_KIND = (
    "duplicate=0.01,late=0.01:2h,drop=0.01,out_of_order=0.01,corrupt=0.01,partial_line=0.4,file_missing=0.2,"
    "batch_twice=0.4,schema_drift=2024-01-02"
)
CASES: dict[str, dict[str, Any]] = {
    "each kind": {"meters": 23, "interval": 300, "meters_per_file": 4, "batch_files": 2, "faults": _EACH_KIND},
    "a field of another name, every column, events at the meters": {
        "meters": 12,
        "interval": 900,
        "meters_per_file": 3,
        "batch_files": 1,
        "anomaly_rate": 1.0,
        "solar_share": 0.5,
        "columns": ",".join(FIELD_NAMES),
        "faults": f"{_EACH_KIND}:renamed",
    },
    "rows without meter or time, a file a meter": {
        "meters": 5,
        "interval": 600,
        "meters_per_file": 1,
        "columns": "voltage_v,consumption_wh",
        "seed": 3,
        "faults": f"{_EACH_KIND}:renamed",
    },
    "nothing but corrupt rows": {
        "meters": 2,
        "interval": 1800,
        "columns": "timestamp,mac,city_id",
        "faults": "corrupt=1",
        "city": "london,sydney",
    },
}


def checksums(case: str) -> dict[str, str]:
    """SHA-256 of each object of readings, table of labels (NDJSON) and manifest of *case*, by name."""
    with tempfile.TemporaryDirectory() as folder:
        lake, staging = Path(folder, "lake"), Path(folder, "staging")
        staging.mkdir(mode=0o700)
        spec = wattif.Spec(**{"start": "2024-01-01", "end": "2024-01-03", **CASES[case]})
        wattif.generate(spec, lake, staging_dir=staging)
        pinned = [*lake.glob("dt=*/*"), *lake.glob(f"{layout.FAULT_LABELS}**/*.ndjson")]
        pinned += lake.glob(f"{layout.MANIFESTS}**/*.ndjson")
        return {
            path.relative_to(lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(pinned)
        }


def main() -> None:
    document = {case: checksums(case) for case in CASES}
    GOLDEN.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"wrote {GOLDEN}: say in CHANGELOG.md what changed")


if __name__ == "__main__":
    main()
