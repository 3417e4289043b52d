"""Write tests/golden/incidents.json anew: only when incidents are meant to change.

python -m scripts.renew_golden_incidents

Say what changed in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import orjson

from wattif.incidents.read import read_incidents
from wattif.incidents.rows import all_rows
from wattif.incidents.spec import IncidentSpec
from wattif.tables.arrow import table_ndjson

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "incidents.json"
CASES: dict[str, dict[str, Any]] = {
    "a quarter in Manila": {"incident_count": 500, "window_end": "2024-07-01", "seed": 7},
    "a winter week in Berlin": {
        "incident_count": 300,
        "window_end": "2024-01-15T18:30:00+01:00",
        "window_days": 7,
        "seed": 8,
        "city": "berlin",
        "station_count": 3,
        "units_max": 6,
    },
    "a day in Tokyo": {"incident_count": 200, "window_end": "2023-08-02", "window_days": 1, "seed": 9, "city": "tokyo"},
}


def checksums(case: str) -> dict[str, str]:
    """SHA-256 of the rows of each table, as NDJSON."""
    spec = IncidentSpec(**CASES[case])
    return {
        name: hashlib.sha256(table_ndjson(read_incidents(spec, name).read_all())).hexdigest() for name in all_rows()
    }


def main() -> None:
    golden = {case: checksums(case) for case in CASES}
    GOLDEN.write_bytes(orjson.dumps(golden, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n")


if __name__ == "__main__":
    main()
