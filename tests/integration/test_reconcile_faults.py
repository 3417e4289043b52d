"""A lake in which things went wrong on purpose on the way: that is expected, and counted; anything else is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.reconciling import make_lake, report_of
from wattif.tables.arrow import table_ndjson

FAULTS = (
    "duplicate=0.01,late=0.02:2h,drop=0.01,out_of_order=0.02,corrupt=0.005,partial_line=0.4,file_missing=0.2,"
    "batch_twice=0.4,schema_drift=2024-01-02"
)
Lake = Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return make_lake(tmp_path_factory.mktemp("faulty"), faults=FAULTS, anomaly_rate=0.5, meters=30, seed=5)


@pytest.fixture
def lake(whole: Lake, tmp_path: Path) -> Lake:
    """A copy to be damaged."""
    copy = tmp_path / "lake"
    shutil.copytree(whole, copy)
    return copy


def _objects(lake: Lake, ending: str) -> list[str]:
    """Names of readings that end so, in order; the lake has each kind."""
    names = sorted(path.relative_to(lake).as_posix() for path in lake.glob(f"dt=*/*{ending}"))
    found = [name for name in names if ending != ".json" or name.count(".") == 1]
    assert found
    return found


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_what_was_asked_to_go_wrong_is_no_difference(whole: Lake, options: tuple[str, ...]) -> None:
    report = report_of("--lake", str(whole), *options)
    assert report.differences == []
    kinds = {
        "duplicate",
        "late",
        "drop",
        "out_of_order",
        "corrupt",
        "partial_line",
        "file_missing",
        "batch_twice",
        "schema_drift",
    }
    assert set(report.summary["on_purpose"]) == kinds
    assert all(count > 0 for count in report.summary["on_purpose"].values())


@pytest.mark.parametrize("ending", [".json", ".late.json", ".again.json"])
@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_a_lost_object_is_told(lake: Lake, ending: str, options: tuple[str, ...]) -> None:
    name = _objects(lake, ending)[0]
    (lake / name).unlink()
    report = report_of("--lake", str(lake), *options)
    assert {(place, verdict) for place, verdict in report.told("place", "verdict")} == {(name, "missing")}


def test_a_late_object_and_its_entry_lost_together_are_told_by_the_rows(lake: Lake) -> None:
    name = next(
        name for name in _objects(lake, ".late.json") if not (lake / name.replace(".late", ".late.again")).exists()
    )
    (lake / name).unlink()
    for manifest in lake.glob("_wattif/manifest/*/*"):
        lines = manifest.read_bytes().splitlines(keepends=True)
        manifest.write_bytes(b"".join(line for line in lines if name.encode() not in line))
    assert report_of("--lake", str(lake)).differences == []
    told = report_of("--lake", str(lake), "--deep").told("place", "verdict")
    assert (name, "missing") in told


def test_a_digit_changed_beside_the_faults_is_told_with_meter_hour_and_field(lake: Lake) -> None:
    name = _objects(lake, ".json")[0]
    content = (lake / name).read_bytes()
    at = content.index(b'"frequency_hz":') + len(b'"frequency_hz":') + 5
    (lake / name).write_bytes(content[:at] + (b"1" if content[at : at + 1] != b"1" else b"2") + content[at + 1 :])
    assert report_of("--lake", str(lake)).told("place", "verdict", "column") == [(name, "altered", "crc32c")]
    (difference,) = report_of("--lake", str(lake), "--deep").differences
    assert (difference["place"], difference["verdict"], difference["column"]) == (name, "altered", "frequency_hz")
    assert difference["mac"]
    assert difference["hour"].startswith("2024-01-01T")


def test_what_was_withheld_is_a_stranger_when_it_is_there_all_the_same(lake: Lake) -> None:
    """A withheld file that appears, and a second delivery of a batch that came once."""
    there = set(_objects(lake, ".json"))
    withheld = next(
        f"dt={day}/readings-{first:08d}-{first + 2:08d}.json"
        for day in ("2024-01-01", "2024-01-02")
        for first in range(0, 30, 3)
        if f"dt={day}/readings-{first:08d}-{first + 2:08d}.json" not in there
    )
    shutil.copy(lake / sorted(there)[0], lake / withheld)
    once = next(name for name in sorted(there) if not (lake / name.replace(".json", ".again.json")).exists())
    again = once.replace(".json", ".again.json")
    shutil.copy(lake / once, lake / again)
    told = report_of("--lake", str(lake)).told("place", "verdict")
    assert {place for place, _ in told} == {withheld, again}


def test_lost_labels_of_files_are_told(lake: Lake) -> None:
    label = next(iter(sorted(lake.glob("_wattif/labels/faults/schema_drift/*/*.parquet"))))
    label.unlink()
    told = report_of("--lake", str(lake)).told("place", "verdict")
    assert told == [(label.relative_to(lake).as_posix(), "missing")]


@pytest.mark.parametrize("ending", ["ndjson", "parquet"])
def test_labels_that_were_cut_or_lost_are_told_without_reading_rows(lake: Lake, ending: str) -> None:
    lost, cut, *_ = sorted(lake.glob(f"_wattif/labels/faults/drop/*/*.{ending}"))
    lost.unlink()
    cut.write_bytes(cut.read_bytes()[:-9])
    told = report_of("--lake", str(lake)).told("place", "verdict")
    assert told == [(lost.relative_to(lake).as_posix(), "missing"), (cut.relative_to(lake).as_posix(), "altered")]


def test_a_label_that_was_changed_is_told_without_reading_rows(lake: Lake) -> None:
    path = next(iter(sorted(lake.glob("_wattif/labels/faults/duplicate/*/*.ndjson"))))
    first, *rest = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(first.replace(b'"row":', b'"row":1', 1) + b"".join(rest))
    name = path.relative_to(lake).as_posix()
    assert report_of("--lake", str(lake)).told("place", "verdict", "column") == [(name, "altered", "labels")]
    path.write_bytes(first)
    (difference,) = report_of("--lake", str(lake)).differences
    assert (difference["expected"], difference["found"]) == (f"{1 + len(rest)} rows", "1 lines")


@pytest.mark.parametrize(
    ("column", "change"),
    [
        ("kind", "'mended'"),
        ("mac", "'02:00:00:00:00:01'"),
        ("start", '"start" + INTERVAL 1 SECOND'),
        ("visible_in", "'nothing'"),
    ],
)
def test_labels_of_meters_are_compared_row_by_row_with_what_was_drawn(lake: Lake, column: str, change: str) -> None:
    """Both forms were changed alike, so that they agree."""
    stem = lake / "_wattif" / "labels" / "anomalies" / "anomalies"
    path = stem.with_suffix(".parquet")
    table = pq.read_table(path)
    meter = table["meter"][3].as_py()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("labels", table)
        changed = connection.sql(
            f'SELECT * REPLACE (CASE meter WHEN {meter} THEN {change} ELSE "{column}" END AS "{column}") FROM labels'
        ).to_arrow_table()
    changed = changed.cast(table.schema)
    pq.write_table(changed, path)
    stem.with_suffix(".ndjson").write_bytes(table_ndjson(changed))
    (difference,) = report_of("--lake", str(lake)).differences
    assert (difference["place"], difference["verdict"]) == (path.relative_to(lake).as_posix(), "altered")
    assert (difference["column"], difference["readings"]) == (column, 1)


@pytest.mark.parametrize("damage", ["cut", "fewer"])
def test_labels_of_meters_that_lack_rows_are_told(lake: Lake, damage: str) -> None:
    path = lake / "_wattif" / "labels" / "anomalies" / "anomalies.parquet"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        pq.write_table(pq.read_table(path).slice(1), path)
    name = path.relative_to(lake).as_posix()
    expected = (
        [(name, "altered")] if damage == "cut" else [(name.replace("parquet", "ndjson"), "altered"), (name, "missing")]
    )
    assert report_of("--lake", str(lake)).told("place", "verdict") == expected


@pytest.mark.parametrize("ending", ["ndjson", "parquet"])
def test_lost_and_altered_labels_of_rows_are_told_by_the_rows(lake: Lake, ending: str) -> None:
    lost, altered, *_ = sorted(lake.glob(f"_wattif/labels/faults/drop/*/*.{ending}"))
    stranger = lost.with_name(f"000007.{ending}")
    shutil.copy(lost, stranger)
    lost.unlink()
    altered.write_bytes(altered.read_bytes()[:-9])
    told = report_of("--lake", str(lake), "--deep").told("place", "verdict")
    names = [path.relative_to(lake).as_posix() for path in (lost, altered, stranger)]
    assert told == sorted(zip(names, ("missing", "altered", "extra"), strict=True), key=str)


def test_lost_and_altered_labels_of_meters_are_told(lake: Lake) -> None:
    labels = lake / "_wattif" / "labels" / "anomalies"
    (labels / "anomalies.parquet").unlink()
    text = (labels / "anomalies.ndjson").read_bytes()
    (labels / "anomalies.ndjson").write_bytes(text.replace(b'"meter":', b'"metre":', 1))
    name = "_wattif/labels/anomalies/anomalies"
    assert report_of("--lake", str(lake)).told("place", "verdict") == [(f"{name}.parquet", "missing")]
    assert report_of("--lake", str(lake), "--deep").told("place", "verdict") == [
        (f"{name}.ndjson", "altered"),
        (f"{name}.parquet", "missing"),
    ]


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_some_days_of_a_lake_are_compared_with_the_whole_datasets_events(whole: Lake, options: tuple[str, ...]) -> None:
    report = report_of("--lake", str(whole), "--start", "2024-01-02", "--end", "2024-01-02", *options)
    assert report.differences == []
    assert report.summary["start"] == "2024-01-02"
