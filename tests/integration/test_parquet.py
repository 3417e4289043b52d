"""A lake in Parquet holds the rows of the same lake in NDJSON to the last digit, whatever goes wrong: says DuckDB."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.asking import Asking, generate
from tests.lakes import objects
from tests.undo_faults import read_labels
from wattif.errors import InvalidValue, LakeError
from wattif.tables.readings import FIELD_NAMES, select_fields

ROW_FAULTS = "duplicate=0.02,late=0.02:1h,drop=0.02,out_of_order=0.02,file_missing=0.2,batch_twice=0.3"
_TYPES = {"number": "VARCHAR", "timestamp": "TIMESTAMPTZ"}


def _differences(parquet: Path, ndjson: Path, columns: list[str], interval_s: int, drift: dict[str, str]) -> int:
    """How many rows either file has that the other has not, and how many are at another place."""
    fields = select_fields(columns, interval_s)
    types = {drift.get(each.name, each.name): _TYPES.get(each.kind, "VARCHAR") for each in fields}
    types |= {"firmware": "VARCHAR"} if "firmware" in drift else {}
    exact = [
        f"CAST({name} AS DECIMAL(18, {fields[number].decimals})) AS {name}"
        if number < len(fields) and fields[number].kind == "number"
        else name
        for number, name in enumerate(types)
    ]
    declared = ", ".join(f"'{name}': '{kind}'" for name, kind in types.items())
    other = f"read_json('{ndjson}', format = 'newline_delimited', columns = {{{declared}}})"
    sql = f"""
        WITH ours AS (SELECT row_number() OVER () AS place, {", ".join(exact)} FROM read_parquet('{parquet}')),
        theirs AS (SELECT row_number() OVER () AS place, {", ".join(exact)} FROM {other})
        SELECT (SELECT count(*) FROM (FROM ours EXCEPT ALL FROM theirs))
             + (SELECT count(*) FROM (FROM theirs EXCEPT ALL FROM ours))
    """
    return int(duckdb.execute(sql).fetchall()[0][0])


@pytest.mark.parametrize(
    ("asked", "drift"),
    [
        ({"interval": 10, "meters": 3, "meters_per_file": 3}, {}),
        ({"columns": ",".join(FIELD_NAMES), "solar_share": 0.5, "row_group_rows": 100}, {}),
        ({"columns": "status,mac,city_id"}, {}),
        ({"columns": "power_w", "interval": 3600, "meters_per_file": 1}, {}),
        ({"columns": ",".join(FIELD_NAMES), "anomaly_rate": 1.0, "interval": 900, "city": "manila,berlin"}, {}),
        ({"faults": ROW_FAULTS, "anomaly_rate": 0.5, "row_group_rows": 1000}, {}),
        (
            {"faults": f"{ROW_FAULTS},schema_drift=2024-01-01", "columns": "mac,timestamp,power_w,status"},
            {"firmware": "firmware"},
        ),
        ({"faults": "schema_drift=2024-01-01:renamed"}, {"power_w": "active_power_w"}),
    ],
    ids=["ten columns", "all columns", "few", "a meter a file", "anomalies", "faults", "a column more", "another name"],
)
def test_rows_are_those_of_ndjson(
    settings: Asking, tmp_path: Path, asked: dict[str, object], drift: dict[str, str]
) -> None:
    common = {"meters": 30, "meters_per_file": 7, "batch_files": 2, "interval": 900, **asked}
    ours, theirs = (
        settings(lake=tmp_path / name, format=name, **common | ({} if name == "parquet" else {"row_group_rows": None}))
        for name in ("parquet", "ndjson")
    )
    generate(ours)
    generate(theirs)
    files = sorted(theirs.lake.glob("dt=*/*.json"))
    assert len(files) == len(list(ours.lake.glob("dt=*/*.parquet"))) > 0
    columns = ours.column_names or [each for each in FIELD_NAMES if not select_fields([each], 900)[0].optional]
    for file in files:
        parquet = ours.lake / file.relative_to(theirs.lake).with_suffix(".parquet")
        assert _differences(parquet, file, columns, ours.interval, drift) == 0
        assert pq.read_table(parquet, page_checksum_verification=True).num_rows == file.read_bytes().count(b"\n")
    same = ("kind", "action", "row", "mac", "timestamp", "delivered_row", "delay_s")
    told, other_told = (
        [tuple(label[name] for name in same) for label in read_labels(each.lake) if label["kind"] != "batch_twice"]
        for each in (ours, theirs)
    )
    assert told == other_told


def test_bytes_are_the_same_with_any_number_of_threads_and_tell_their_dataset(settings: Asking, tmp_path: Path) -> None:
    lakes = [tmp_path / f"{workers}" for workers in (1, 2, 5)]
    for lake, workers in zip(lakes, (1, 2, 5), strict=True):
        generate(settings(lake=lake, format="parquet", meters=40, meters_per_file=3, write_workers=workers))
    assert objects(lakes[0]) == objects(lakes[1]) == objects(lakes[2])
    file = next(lakes[0].glob("dt=*/*.parquet"))
    told = pq.read_metadata(file).metadata
    assert told[b"wattif.dataset"].decode() in (lakes[0] / "_wattif" / "dataset.json").read_text()


def test_a_run_goes_on_where_it_was_stopped_and_another_row_group_is_another_dataset(
    settings: Asking, tmp_path: Path
) -> None:
    asked = settings(lake=tmp_path / "lake", format="parquet", meters=40, meters_per_file=3, row_group_rows=500)
    generate(asked)
    whole = objects(asked.lake)
    manifests = sorted((asked.lake / "_wattif" / "manifest").rglob("*.ndjson"))
    manifests[0].unlink()
    for file in sorted(asked.lake.glob("dt=*/*"))[::2]:
        file.unlink()
    for manifest in manifests[1:]:
        manifest.unlink()
    generate(asked)
    assert objects(asked.lake) == whole
    other = settings(lake=asked.lake, format="parquet", meters=40, meters_per_file=3, row_group_rows=501)
    with pytest.raises(LakeError, match="row_group_rows is 500 there and 501 here"):
        generate(other)
    with pytest.raises(LakeError, match="format is 'parquet' there and 'ndjson' here"):
        generate(settings(lake=asked.lake, meters=40, meters_per_file=3))


@pytest.mark.parametrize("kind", ["corrupt", "partial_line"])
def test_damage_of_text_is_refused(settings: Asking, kind: str) -> None:
    with pytest.raises(InvalidValue, match=f"`faults` {kind}: objects of the `format` parquet have no lines"):
        generate(settings(format="parquet", faults=f"{kind}=0.1"))


def test_fingerprints_of_other_datasets_do_not_know_of_row_groups(settings: Asking) -> None:
    asked = settings()
    generate(asked)
    assert "row_group_rows" not in (asked.lake / "_wattif" / "dataset.json").read_text()
