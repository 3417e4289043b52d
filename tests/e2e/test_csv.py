"""Lakes of CSV: what engines read is what those of NDJSON say, and every fault is labelled."""

from __future__ import annotations

import csv
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pytest

from tests.asking import Asking, generate
from tests.undo_faults import read_labels
from wattif.answers.reconcile.comparison import Comparison
from wattif.answers.reconcile.differences import Difference
from wattif.answers.reconcile.run import compare
from wattif.tables.readings import fields_of

ALL = (
    "mac,timestamp,consumption_wh,power_w,voltage_v,current_a,power_factor,frequency_hz,register_kwh,status,city_id,"
    "export_wh,export_register_kwh,seq"
)
FAULTS = "duplicate=0.05,late=0.05:1h,drop=0.05,out_of_order=0.05,corrupt=0.05,partial_line=0.5,file_missing=0.2"


class _Differences:
    def __init__(self) -> None:
        self.all: list[Difference] = []

    def add(self, difference: Difference) -> None:
        self.all.append(difference)


def _differences(asked: Any, *, deep: bool) -> list[Difference]:
    found = _Differences()
    compare(asked.spec, asked.place, Comparison(deep=deep), outputs=[found])
    return found.all


@pytest.mark.parametrize(
    "columns", [None, ALL, "status,timestamp,power_w,mac", "voltage_v,city_id,status,power_factor"]
)
def test_rows_are_those_of_ndjson(settings: Asking, tmp_path: Any, columns: str | None) -> None:
    options = {"anomaly_rate": 0.5, "interval": 900, "columns": columns, "city": "manila,los-angeles"}
    asked, other = settings(format="csv", **options), settings(lake=tmp_path / "ndjson", **options)
    generate(asked)
    generate(other)
    with duckdb.connect() as connection:
        cast = ", ".join(
            f'CAST("{each.name}" AS {each.duckdb_type}) AS "{each.name}"' for each in fields_of(asked.spec)
        )
        connection.execute("SET timezone = 'UTC'")
        in_csv = f"SELECT {cast} FROM read_csv('{asked.lake}/dt=*/*.csv', all_varchar=true)"
        in_json = f"SELECT {cast} FROM read_json('{other.lake}/dt=*/*.json')"
        for one, two in ((in_csv, in_json), (in_json, in_csv)):
            assert connection.execute(f"SELECT count(*) FROM ({one} EXCEPT ALL {two})").fetchall() == [(0,)]
    assert _differences(asked, deep=False) == _differences(asked, deep=True) == []


def test_readers_that_guess_types(settings: Asking) -> None:
    """Zeros before a number make no text of it; DuckDB alone takes them for one, and wants to be told the types."""
    asked = settings(format="csv", interval=900)
    generate(asked)
    file = min(asked.lake.glob("dt=*/*.csv"))
    frame = pd.read_csv(file, parse_dates=["timestamp"])
    assert (frame.dtypes["consumption_wh"], frame.dtypes["power_w"]) == ("float64", "int64")
    arrow = pyarrow.csv.read_csv(file)
    assert (arrow.schema.field("consumption_wh").type, arrow.schema.field("power_w").type) == (pa.float64(), pa.int64())
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines, strict=True))
    energies = [float(row["consumption_wh"]) for row in rows]
    assert energies == frame["consumption_wh"].tolist() == arrow["consumption_wh"].to_pylist()


@pytest.mark.parametrize("drift", ["", ",schema_drift=2024-01-02", ",schema_drift=2024-01-02:renamed"])
def test_what_happens_on_the_way(settings: Asking, tmp_path: Any, drift: str) -> None:
    """The same rows meet the same faults as in NDJSON; no reader accepts a damaged line."""
    asked = settings(format="csv", faults=f"{FAULTS}{drift}", interval=900)
    generate(asked)
    other = settings(lake=tmp_path / "ndjson", faults=f"{FAULTS}{drift}", interval=900)
    generate(other)
    assert _differences(asked, deep=False) == _differences(asked, deep=True) == []
    labels, others = read_labels(asked.lake), read_labels(other.lake)
    places = ("kind", "row", "mac", "timestamp", "delivered_row", "delay_s")
    told, other_told = ([tuple(label[name] for name in places) for label in each] for each in (labels, others))
    assert told == other_told
    damaged = [label["delivered"] for label in labels if label["kind"] in ("corrupt", "partial_line")]
    assert len(damaged) > 20
    types = [(each.name, each.duckdb_type) for each in fields_of(asked.spec)]
    with duckdb.connect() as connection:
        for line in damaged:
            file = tmp_path / "line.csv"
            file.write_text(f"{line}\n")
            extra = [("more", "VARCHAR")] if drift == ",schema_drift=2024-01-02" else []
            for known in (types, types + extra):
                columns = ", ".join(f"'{name}': '{kind}'" for name, kind in known)
                dialect = "header=false, auto_detect=false, delim=',', ignore_errors=true"
                read = f"SELECT * FROM read_csv('{file}', {dialect}, columns={{{columns}}})"
                assert connection.execute(read).fetchall() == [], line
