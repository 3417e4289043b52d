"""Write tests/golden/checksums.json anew: only when the dataset's bytes are meant to change.

    python -m scripts.renew_golden

Raise `VERSION` in wattif/lake/identity.py and say what changed in CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from wattif.engine.content import clean_content
from wattif.engine.plan import Plan
from wattif.lake.identity import VERSION
from wattif.model.anomaly_kinds import KINDS
from wattif.model.scenario import scenario_of
from wattif.spec import Spec
from wattif.tables.readings import FIELD_NAMES

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "golden" / "checksums.json"
CASES: dict[str, dict[str, Any]] = {
    "full rows": {"start": "2024-01-01", "end": "2024-01-01", "meters": 3, "meters_per_file": 2},
    "across a year's end": {"start": "2023-12-31", "end": "2024-01-01", "meters": 1, "interval": 60},
    "a month alone": {"start": "2024-02-01", "end": "2024-02-29", "meters": 25, "interval": 3600},
    "three years on": {
        "start": "2024-05-01",
        "end": "2027-05-01",
        "meters": 1,
        "interval": 3600,
        "last_day_only": True,
    },
    "narrow rows": {"start": "2024-06-15", "end": "2024-06-15", "meters": 2, "columns": "timestamp,consumption_wh"},
    "every second": {"start": "2024-06-15", "end": "2024-06-15", "meters": 1, "interval": 1},
    "an interval that is no multiple of the step": {
        "start": "2024-06-15",
        "end": "2024-06-15",
        "meters": 1,
        "interval": 25,
    },
    "shops and factories in two cities": {
        "start": "2024-03-31",
        "end": "2024-03-31",
        "meters": 40,
        "interval": 300,
        "city": "berlin,sydney",
        "class_mix": "commercial=0.5,industrial=0.5",
    },
    "panels and cars": {
        "start": "2024-07-04",
        "end": "2024-07-05",
        "meters": 20,
        "interval": 300,
        "city": "los-angeles",
        "class_mix": "residential=1",
        "solar_share": 0.5,
        "ev_share": 0.5,
        "columns": "mac,timestamp,city_id,power_w,register_kwh,export_wh,export_register_kwh",
    },
    "something goes wrong at every meter": {
        "start": "2024-03-01",
        "end": "2024-03-05",
        "meters": 60,
        "interval": 900,
        "anomaly_rate": 1.0,
        "solar_share": 0.3,
        "columns": ",".join(FIELD_NAMES),
        "anomalies": ",".join(f"{kind}={5 if KINDS[kind].of_transformer else 1}" for kind in KINDS),
    },
    "a file a meter, another seed": {
        "start": "2024-06-15",
        "end": "2024-06-15",
        "meters": 2,
        "meters_per_file": 1,
        "seed": 7,
        "interval": 900,
    },
    "compressed": {
        "start": "2024-01-01",
        "end": "2024-01-01",
        "meters": 3,
        "meters_per_file": 2,
        "compression": "gzip",
    },
    "compressed CSV": {
        "start": "2024-01-01",
        "end": "2024-01-01",
        "meters": 30,
        "meters_per_file": 20,
        "interval": 900,
        "format": "csv",
        "compression": "gzip",
    },
    "compressed, every column, where something goes wrong": {
        "start": "2024-03-01",
        "end": "2024-03-02",
        "meters": 60,
        "interval": 900,
        "anomaly_rate": 0.5,
        "columns": ",".join(FIELD_NAMES),
        "compression": "gzip",
    },
    "Parquet": {
        "start": "2024-06-15",
        "end": "2024-06-15",
        "meters": 5,
        "meters_per_file": 4,
        "format": "parquet",
        "row_group_rows": 20_000,
    },
    "Parquet where something goes wrong": {
        "start": "2024-03-01",
        "end": "2024-03-02",
        "meters": 30,
        "interval": 900,
        "anomaly_rate": 1.0,
        "solar_share": 0.3,
        "columns": ",".join(FIELD_NAMES),
        "format": "parquet",
    },
}


def checksums(case: str) -> dict[str, str]:
    """SHA-256 of each file of *case*, by name."""
    values = dict(CASES[case])
    last_day_only = values.pop("last_day_only", False)
    spec = Spec(**values)
    plan = Plan.of(spec)
    schema = replace(plan.encoder.schema, metadata=())  # they tell the releases of the time zones and holidays
    plan = replace(plan, compressor=type(plan.compressor)(plan.encoder.with_schema(schema)))
    content = clean_content(plan, scenario_of(spec))
    sums = {}
    for batch in plan.batches():
        for unit in batch.units:
            if last_day_only and unit.day != plan.end:
                continue
            digest = hashlib.sha256()
            for block in content.blocks(unit):
                digest.update(block)
            sums[content.name(unit)] = digest.hexdigest()
    return sums


def main() -> None:
    document = {"version": VERSION, "files": {case: checksums(case) for case in CASES}}
    GOLDEN.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    print(f"wrote {GOLDEN}: say in CHANGELOG.md what changed")


if __name__ == "__main__":
    main()
