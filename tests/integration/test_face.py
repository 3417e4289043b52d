"""The package as a library: what its functions give is what lies in a lake."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import wattif
from wattif.engine.events import BatchCommitted, Event, RunPlanned
from wattif.errors import Interrupted, InvalidValue, LakeError
from wattif.tables import catalog
from wattif.tables.table import LakeTable

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = wattif.Spec(start="2024-01-01", end="2024-01-03", meters=10, interval=300, meters_per_file=4, anomaly_rate=0.4)
FAULTY = SMALL.model_copy(update={"faults": "late=0.02,drop=0.01,duplicate=0.01,corrupt=0.005"})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("face")
    wattif.generate(SMALL, folder / "lake", staging_dir=_made(folder / "staging"))
    return folder / "lake"


def _made(folder: Path) -> Path:
    folder.mkdir(mode=0o700)
    return folder


def _lines(lake: Path) -> list[dict[str, Any]]:
    """The readings in a lake, as an independent reader of JSON finds them."""
    return [
        json.loads(line, parse_float=Decimal)
        for path in sorted(lake.glob("dt=*/*.json"))
        for line in path.read_text().splitlines()
    ]


def test_readings_are_those_in_the_lake(lake: Path) -> None:
    rows = wattif.read(SMALL, numbers="decimal").read_all().to_pylist()
    for row in rows:
        row["timestamp"] = row["timestamp"].strftime("%Y-%m-%dT%H:%M:%SZ")
    assert rows == _lines(lake)


def test_some_meters_days_and_columns_are_a_part_of_all() -> None:
    whole = wattif.read(SMALL, columns=["timestamp", "mac", "register_kwh"]).read_all()
    part = wattif.read(
        SMALL, meters=[7, 2, 3], first_day="2024-01-02", days=2, columns=["timestamp", "mac", "register_kwh"]
    ).read_all()
    macs = wattif.read(SMALL, "meters", meters=[2, 3, 7]).read_all()["mac"]
    since = pa.scalar(1_704_153_600, pa.timestamp("s", "UTC"))  # 2024-01-02
    expected = whole.filter(pc.and_(pc.is_in(whole["mac"], macs), pc.greater_equal(whole["timestamp"], since)))
    assert part.num_rows > 0
    assert part.sort_by([("mac", "ascending"), ("timestamp", "ascending")]) == expected.sort_by(
        [("mac", "ascending"), ("timestamp", "ascending")]
    )


ALL_WRONG = SMALL.model_copy(update={"meters": 130, "anomaly_rate": 0.6, "solar_share": 0.3, "ev_share": 0.3})


@pytest.mark.parametrize("name", ["readings", "meters", "anomaly_labels"])
def test_some_meters_are_those_of_the_fleet(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Wherever their transformers begin; and nobody looks at the rest."""
    some = [3, 19, 20, 21, 22, 41, 77, 119, 129]
    whole = wattif.read(ALL_WRONG, name, numbers="decimal").read_all()
    macs = wattif.read(ALL_WRONG, "meters").read_all().take(some)["mac"]

    def no_fleet(*_: object, **__: object) -> None:
        raise AssertionError("the whole fleet is made")

    monkeypatch.setattr("wattif.model.scenario.make_fleet", no_fleet)
    part = wattif.read(ALL_WRONG, name, meters=some, numbers="decimal").read_all()
    assert part.num_rows > 0
    assert part == whole.filter(pc.is_in(whole["mac"], macs))


def test_numbers_are_floats_or_exact_as_asked_for() -> None:
    def one(numbers: Any) -> Any:
        return wattif.read(SMALL, meters=[1], days=1, columns=["consumption_wh", "power_w"], numbers=numbers).read_all()

    exact, scaled, floats = one("decimal"), one("scaled"), one("float")
    assert exact.schema.types == [pa.decimal128(18, 3), pa.int64()]
    assert scaled.schema.types == [pa.int64(), pa.int64()]
    assert scaled.schema.field("consumption_wh").metadata[b"scale"] == b"3"
    assert floats.schema.types == [pa.float64(), pa.int64()]
    assert [int(each * 1000) for each in exact["consumption_wh"].to_pylist()] == scaled["consumption_wh"].to_pylist()
    assert [float(each) for each in exact["consumption_wh"].to_pylist()] == floats["consumption_wh"].to_pylist()


@pytest.mark.parametrize("name", [table.name for table in catalog.lake_tables() if table.is_in(FAULTY)])
def test_every_table_of_a_dataset_can_be_read(name: str) -> None:
    table = catalog.table(name)
    assert isinstance(table, LakeTable)
    for numbers in ("float", "decimal", "scaled"):
        rows = wattif.read(FAULTY, name, numbers=numbers).read_all()
        assert rows.num_rows > 0
        assert rows.column_names == [column.name for column in table.columns_in(FAULTY)]
        for field in rows.schema:
            assert not pa.types.is_timestamp(field.type) or field.type == pa.timestamp("s", "UTC")
        if table.key:
            assert (
                rows.group_by(list(table.key)).aggregate([([], "count_all")])["count_all"].to_pylist()
                == [1] * rows.num_rows
                or name == "readings"
            )  # a clock that is set back tells a time twice


def test_labels_and_meters_are_those_in_the_lake(lake: Path) -> None:
    for name, file in (("meters", "meters.parquet"), ("anomaly_labels", "labels/anomalies/anomalies.parquet")):
        stored = pq.read_table(lake / "_wattif" / file)
        made = wattif.read(SMALL, name, numbers="decimal").read_all()
        assert made.cast(stored.schema.remove_metadata()).to_pylist() == stored.to_pylist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"table": "reading"}, "table.*reading.*did you mean readings"),
        ({"table": "wattif_loads"}, "table.*wattif_loads.*none"),
        ({"table": "fault_labels"}, "table.*fault_labels.*none"),
        ({"meters": [10]}, "meters.*10.*between 0 and 9"),
        ({"meters": []}, "meters.*name at least one"),
        ({"table": "weather", "meters": [1]}, "meters.*weather is not made by the meter"),
        ({"table": "weather", "days": 1}, "days.*weather has no partition per day"),
        ({"days": 4}, "days.*between 1 and 3"),
        ({"first_day": "2024-02-01"}, "first_day.*2024-02-01.*between"),
        ({"columns": ["powr_w"]}, "columns.*powr_w.*did you mean power_w"),
        ({"table": "meters", "columns": ["clas"]}, "columns.*clas.*did you mean class"),
        ({"numbers": "exact"}, "numbers.*exact.*choose from float"),
        ({"view": "sent"}, "view.*sent.*choose from measured"),
    ],
)
def test_what_cannot_be_read_is_named(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        wattif.read(SMALL, **arguments)


MEMORY = """
import resource, sys
import wattif
spec = wattif.Spec(start="2024-01-01", end="2024-01-31", meters=1_000, interval=int(sys.argv[2]))
reader = wattif.read(spec, days=int(sys.argv[1]), columns=["mac", "timestamp", "consumption_wh", "voltage_v"])
rows = sum(batch.num_rows for batch in reader)
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_a_month_of_a_thousand_meters_needs_no_more_memory_than_a_day() -> None:
    def peak(days: int) -> tuple[int, int]:
        command = [sys.executable, "-c", MEMORY, str(days), "300"]
        rows, kib = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
        return int(rows), int(kib) * 1024

    rows_of_day, day = peak(1)
    rows_of_month, month = peak(31)
    assert (rows_of_day, rows_of_month) == (288_000, 8_928_000)  # 8,928,000 rows as Arrow are 400 MB
    assert month < day + 64 * 2**20


def test_progress_is_told_and_the_run_can_be_stopped(tmp_path: Path) -> None:
    from threading import Event as Signal

    told: list[Event] = []
    figures = wattif.generate(SMALL, tmp_path / "lake", progress=told.append, staging_dir=_made(tmp_path / "staging"))
    (planned,) = [event for event in told if isinstance(event, RunPlanned)]
    assert planned.rows == 3 * 10 * 288
    assert sum(isinstance(event, BatchCommitted) for event in told) == figures.batches
    stop = Signal()
    stop.set()
    with pytest.raises(Interrupted):
        wattif.generate(SMALL, tmp_path / "other", stop=stop, staging_dir=tmp_path / "staging")


def test_a_lake_says_what_it_holds_and_what_is_left(lake: Path, tmp_path: Path) -> None:
    opened = wattif.open(lake)
    assert opened.spec == SMALL
    network = {"zones", "substations", "feeders", "transformers"}
    assert set(opened.tables) == {"readings", "meters", "weather", "anomaly_labels", *network}
    status = opened.status()
    assert status.complete
    assert (status.days_complete, status.batches, status.rows) == (3, 3, len(_lines(lake)))
    with pytest.raises(LakeError, match="no dataset lies here"):
        wattif.open(tmp_path)


def test_a_lake_that_lost_a_file_is_not_ok(tmp_path: Path) -> None:
    wattif.generate(SMALL, tmp_path / "lake", staging_dir=_made(tmp_path / "staging"))
    assert wattif.reconcile(tmp_path / "lake").ok
    next((tmp_path / "lake").glob("dt=2024-01-02/*.json")).unlink()
    report = wattif.reconcile(tmp_path / "lake")
    assert not report.ok
    assert report.to_dict()["differences"] == 1
    assert "missing" in report.summary
    assert wattif.reconcile(tmp_path / "lake", end="2024-01-01").ok


def test_expected_tables_tie_up_with_the_readings(lake: Path, tmp_path: Path) -> None:
    tables = wattif.expect(SMALL, out=tmp_path / "expected", time_zone="local")
    energy = sum(row["consumption_wh"] for row in _lines(lake))
    assert sum(tables["hourly"]["consumption_hour_rolled"].to_pylist()) == energy
    for name in ("daily", "monthly", "partitions", "local_daily", "local_monthly"):
        assert sum(tables[name]["consumption_wh"].to_pylist()) == energy
    assert pq.read_table(tmp_path / "expected/measured/partitions.parquet").num_rows == tables["partitions"].num_rows


def test_importing_the_package_imports_nothing_heavy() -> None:
    check = "import sys, wattif; assert not {'numba', 'pyarrow', 'numpy', 'pydantic', 'duckdb'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)


def test_all_that_is_exported_is_there_and_nothing_else() -> None:
    assert set(wattif.__all__) <= set(dir(wattif))
    with pytest.raises(AttributeError, match="no attribute 'lake_of'"):
        wattif.lake_of  # noqa: B018  # asking for it is what fails
