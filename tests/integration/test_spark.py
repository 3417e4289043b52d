"""`spark.read.format("wattif")`: the rows of a lake, made by Spark's own processes, of the days that a query needs."""

from __future__ import annotations

import json
import pickle
import platform
import re
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wattif
from wattif.errors import EngineError
from wattif.face.reading import rows_of
from wattif.incidents.rows import all_rows

pytest.importorskip("pyspark", reason="pyspark is not installed")

from pyspark.errors import AnalysisException, PythonException
from pyspark.sql.datasource import (
    DataSourceReader,
    EqualNullSafe,
    EqualTo,
    Filter,
    GreaterThan,
    GreaterThanOrEqual,
    In,
    IsNotNull,
    LessThan,
    LessThanOrEqual,
    Not,
)

from wattif.spark import WattIf
from wattif.spark.asked import Asked
from wattif.spark.parts import parts
from wattif.spark.reader import FilteringReader, Reader

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType

pytestmark = pytest.mark.timeout(300)
CLEAN: dict[str, Any] = {"start": "2024-01-01", "end": "2024-01-03", "meters": 25, "interval": 600}
OPTIONS = {**CLEAN, "anomaly_rate": 1, "columns": "mac,timestamp,consumption_wh,power_w,city_id,seq"}
SPEC = wattif.Spec.model_validate(OPTIONS)
INCIDENTS: dict[str, Any] = {"table": "incidents", "incident_count": 500, "seed": 7, "window_end": "2024-07-01"}
INCIDENT_SPEC = wattif.IncidentSpec(incident_count=500, seed=7, window_end="2024-07-01")
FILTERS = "spark.sql.python.filterPushdown.enabled"
TIMES = [datetime(2024, 1, 2, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC)]
Load = Callable[..., "DataFrame"]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where clocks are wrong, rows missing, and powers negative."""
    folder = tmp_path_factory.mktemp("lake")
    (folder / "staging").mkdir(mode=0o700)
    wattif.generate(SPEC, folder / "lake", staging_dir=folder / "staging")
    return folder / "lake"


@pytest.fixture(scope="module")
def load(spark: SparkSession) -> Load:
    def load(schema: str | None = None, **options: Any) -> DataFrame:
        reader = spark.read.format("wattif").options(**options)
        return (reader if schema is None else reader.schema(schema)).load()

    return load


@pytest.fixture(scope="module")
def frame(load: Load) -> DataFrame:
    return load(**OPTIONS)


def _rows(lake: Path, condition: str, columns: str = "*") -> list[dict[str, Any]]:
    """Of the lake's own lines, in order, as DuckDB reads them."""
    types = {
        "mac": "VARCHAR",
        "timestamp": "TIMESTAMP",
        "consumption_wh": "DECIMAL(18,3)",
        "power_w": "BIGINT",
        "city_id": "VARCHAR",
        "seq": "BIGINT",
        "dt": "DATE",
    }
    files = f"'{lake}/dt=*/*.json', format = 'newline_delimited', hive_partitioning = true"
    query = (
        f"SELECT {columns} FROM read_json({files}, columns = {types}) WHERE {condition} ORDER BY mac, seq, timestamp"
    )
    with duckdb.connect() as connection:
        rows: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return rows


def _found(frame: DataFrame) -> list[dict[str, Any]]:
    return _at_utc(frame.orderBy("mac", "seq", "timestamp").toArrow().to_pylist())


def _at_utc(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With times that know no zone, as the lines have them."""
    return [{**row, "timestamp": row["timestamp"].astimezone(UTC).replace(tzinfo=None)} for row in rows]


def test_sums_are_those_that_are_expected(frame: DataFrame) -> None:
    expected = wattif.expect(SPEC, numbers="decimal")["partitions"].to_pylist()
    sums = frame.groupBy("dt").agg({"*": "count", "consumption_wh": "sum"}).orderBy("dt")
    found = sums.select("dt", "count(1)", "sum(consumption_wh)").collect()
    assert [tuple(row) for row in found] == [(each["dt"], each["rows"], each["consumption_wh"]) for each in expected]
    assert len(found) == 3


def test_rows_are_those_of_the_lake_whatever_clocks_say(load: Load, lake: Path) -> None:
    condition = "dt >= DATE '2024-01-02' AND (timestamp < '2024-01-02' OR power_w < 0 OR seq % 7 = 0)"
    expected = _rows(lake, condition)
    assert _found(load(lake=str(lake)).where(condition)) == expected
    assert any(row["timestamp"].date() < row["dt"] for row in expected)


@pytest.mark.parametrize(
    ("condition", "days"),
    [
        ("dt = DATE '2024-01-02'", 1),
        ("timestamp >= '2024-01-02' AND timestamp < '2024-01-03' AND power_w > 0", 1),
        ("dt IN ('2024-01-01', '2024-01-03') AND timestamp < '2024-01-03'", 1),
        ("dt > '2024-02-01'", 0),
    ],
)
def test_spark_makes_only_the_days_of_a_query(load: Load, condition: str, days: int) -> None:
    clean = load("mac STRING, timestamp TIMESTAMP, power_w BIGINT, dt DATE", **CLEAN)
    found = clean.where(condition).rdd
    assert found.getNumPartitions() == max(days, 1)  # Spark begins a task at least
    if days == 0:
        assert found.count() == 0


@pytest.mark.parametrize(
    ("filters", "clean", "wrong_clocks"),
    [
        ([EqualTo(("dt",), date(2024, 1, 2))], "2", "2"),
        ([EqualNullSafe(("dt",), date(2024, 1, 2))], "2", "2"),
        ([EqualNullSafe(("dt",), None)], "123", "123"),
        ([GreaterThan(("dt",), date(2024, 1, 1)), LessThan(("dt",), date(2024, 1, 3))], "2", "2"),
        ([GreaterThanOrEqual(("dt",), date(2024, 1, 2))], "23", "23"),
        ([LessThanOrEqual(("dt",), date(2024, 1, 2))], "12", "12"),
        ([In(("dt",), (date(2024, 1, 1), None, date(2024, 1, 3)))], "13", "13"),
        ([Not(EqualTo(("dt",), date(2024, 1, 2))), IsNotNull(("dt",)), EqualTo(("mac",), "a")], "123", "123"),
        ([EqualTo(("timestamp",), TIMES[0])], "2", "123"),
        ([GreaterThanOrEqual(("timestamp",), TIMES[0]), LessThan(("timestamp",), TIMES[1])], "2", "123"),
        ([LessThanOrEqual(("timestamp",), TIMES[0])], "12", "123"),
        ([GreaterThan(("timestamp",), TIMES[1] - timedelta(seconds=1))], "3", "123"),
        ([In(("timestamp",), tuple(TIMES)), LessThan(("dt",), date(2024, 1, 3))], "2", "12"),
    ],
)
def test_days_that_filters_may_find(filters: list[Filter], clean: str, wrong_clocks: str) -> None:
    for options, days in ((CLEAN, clean), (OPTIONS, wrong_clocks)):
        reader = FilteringReader(Asked.of(_words(options)))
        assert reader.pushFilters(filters) == filters
        assert "".join(str(each.value.day.day) for each in reader.partitions()) == days


def test_filters_that_spark_keeps_to_itself(spark: SparkSession, frame: DataFrame, lake: Path) -> None:
    spark.conf.set(FILTERS, "false")
    try:
        assert frame.where("dt = DATE '2024-01-02'").count() == len(_rows(lake, "dt = '2024-01-02'"))
    finally:
        spark.conf.set(FILTERS, "true")


def test_columns_that_are_named_are_written_to_files(load: Load, lake: Path, tmp_path: Path) -> None:
    columns = "seq BIGINT, mac STRING, timestamp TIMESTAMP, consumption_wh DECIMAL(18,3)"
    load(f"{columns}, dt DATE", **OPTIONS).write.partitionBy("dt").parquet(str(tmp_path / "readings"))
    query = f"FROM read_parquet('{tmp_path}/readings/*/*.parquet', hive_partitioning = true)"
    with duckdb.connect() as connection:
        found = connection.sql(f"{query} SELECT seq, mac, timestamp, consumption_wh, dt ORDER BY mac, seq, timestamp")
        rows = _at_utc(found.to_arrow_table().to_pylist())
    assert rows == _rows(lake, "true", "seq, mac, timestamp, consumption_wh, dt")


def test_a_day_alone_counts_rows() -> None:
    reader = Reader(Asked.of(_words(CLEAN), {"dt": "date"}))
    found = pa.Table.from_batches(reader.read(reader.partitions()[2]))
    assert found.to_pydict() == {"dt": [date(2024, 1, 3)] * 25 * 144}


def test_labels(load: Load, lake: Path) -> None:
    order = [("meter", "ascending"), ("start", "ascending")]
    expected = pq.read_table(lake / "_wattif/labels/anomalies/anomalies.parquet").sort_by(order)
    found = load(**OPTIONS, table="anomaly_labels").toArrow()
    assert found.cast(expected.schema).sort_by(order).equals(expected)
    assert found.num_rows >= 25


def test_other_tables(lake: Path, tmp_path: Path) -> None:
    wattif.expect(SPEC, out=tmp_path)
    for table, files in {
        "meters": lake / "_wattif/meters.parquet",
        "weather": lake / "_wattif/weather",
        "transformers": lake / "_wattif/transformers.parquet",
        "expected_daily": tmp_path / "delivered/daily",
    }.items():
        asked = Asked.of(_words(OPTIONS) | {"table": table, "view": "delivered"})
        reader = Reader(asked)
        found = pa.Table.from_batches(batch for part in reader.partitions() for batch in reader.read(part))
        expected = pq.read_table(files, partitioning=None)
        assert found.cast(expected.schema).equals(expected), table
        assert found.num_rows


def test_incidents(load: Load) -> None:
    expected = wattif.read(INCIDENT_SPEC, "incidents").read_all()
    frame = load(**INCIDENTS)
    assert frame.schema["estimated_damage_amount"].simpleString() == "estimated_damage_amount:decimal(14,2)"
    found = frame.toArrow()
    assert found.cast(expected.schema).sort_by("incident_number").equals(expected)
    assert found.num_rows == 500


def test_tasks_are_ranges_of_incidents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wattif.spark.incidents._INCIDENTS", 150)
    for table in all_rows():
        expected = wattif.read(INCIDENT_SPEC, table).read_all()
        reader = Reader(Asked.of(_words({**INCIDENTS, "table": table})))
        found = [pa.Table.from_batches(reader.read(part)) for part in reader.partitions()]
        assert pa.concat_tables(found).cast(expected.schema).equals(expected), table
        assert len(found) == (4 if "incident_number" in expected.column_names else 1)
        assert max(map(len, found)) <= (125 if table == "incidents" else len(expected))
    pruned = Reader(Asked.of(_words(INCIDENTS), {"city": "string", "is_active": "boolean"}))
    names = ["city", "is_active"]
    found = [pa.Table.from_batches(pruned.read(part)) for part in pruned.partitions()]
    expected = wattif.read(INCIDENT_SPEC, "incidents", columns=names).read_all()
    assert pa.concat_tables(found).cast(expected.schema).equals(expected)


@pytest.fixture(scope="module")
def dark_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A day of meters whose labels are those of incidents."""
    folder = tmp_path_factory.mktemp("dark")
    small: dict[str, Any] = {"meters": 120, "interval": 3600, "columns": "mac,timestamp,consumption_wh"}
    labels: dict[str, Any] = {"anomaly_rate": 1, "anomalies": "outage=3,sag"}
    spec = wattif.Spec(start="2024-01-01", end="2024-01-01", **small, **labels)
    wattif.generate(spec, folder / "lake", staging_dir=folder)
    return folder / "lake"


def test_incidents_of_the_labels_of_a_lake(dark_lake: Path) -> None:
    asked = Asked.of({"lake": str(dark_lake), "table": "incidents", "seed": "5", "incident_count": "200"})
    reader: Reader = pickle.loads(pickle.dumps(Reader(asked)))
    found = pa.Table.from_batches(batch for part in reader.partitions() for batch in reader.read(part))
    told = {json.loads(facts).get("event_id") for facts in found["metadata"].to_pylist()} - {None}
    labels = pq.read_table(dark_lake / "_wattif/labels/anomalies/anomalies.parquet", columns=["event_id"])
    assert told == set(labels["event_id"].to_pylist())
    assert len(told) > 5
    assert found.num_rows == 200


def _words(options: dict[str, Any]) -> dict[str, str]:
    """As Spark hands them over."""
    return {name: str(value) for name, value in options.items()}


def test_what_an_executor_must_agree_on(tmp_path: Path) -> None:
    own = tmp_path / "cities.toml"
    text = (Path(wattif.__file__).parent / "model/data/cities.toml").read_text(encoding="utf-8")
    own.write_text(text, encoding="utf-8")
    sent = pickle.dumps(Reader(Asked.of(_words(CLEAN) | {"cities": str(own)})))
    assert len(sent) < 2_000
    reader: Reader = pickle.loads(sent)
    (first, *_) = reader.partitions()
    assert sum(batch.num_rows for batch in reader.read(first)) == 25 * 144
    reader.versions = reader.versions | {"wattif": "0.0"}
    with pytest.raises(EngineError, match=r"executor \S+ has wattif \S+, not 0\.0; install the same on all of them"):
        next(reader.read(first))
    reader = pickle.loads(sent)
    own.write_text(text.replace("nominal_v = 230", "nominal_v = 231"), encoding="utf-8")
    with pytest.raises(EngineError, match=r"executor \S+: `cities` \S+: is not the file that the driver has"):
        next(reader.read(first))
    workflow = tmp_path / "workflow.toml"
    shutil.copy(Path(wattif.__file__).parent / "incidents/data/workflow.toml", workflow)
    reader = Reader(Asked.of(_words(INCIDENTS) | {"workflow": str(workflow)}))
    workflow.unlink()
    with pytest.raises(EngineError, match=r"executor \S+: `workflow` \S+: is not the file that the driver has"):
        next(reader.read(*reader.partitions()))


def test_an_executor_of_another_version_fails_its_task_by_name(spark: SparkSession) -> None:
    class FromOtherDriver(WattIf):
        @classmethod
        def name(cls) -> str:
            return "wattif_of_another_version"

        def reader(self, schema: StructType) -> DataSourceReader:
            reader = super().reader(schema)
            assert isinstance(reader, Reader)
            reader.versions["wattif"] = "0.0"
            return reader

    spark.dataSource.register(FromOtherDriver)
    frame = spark.read.format(FromOtherDriver.name()).options(**CLEAN).load()
    with pytest.raises(PythonException) as failure:
        frame.count()
    refused = rf"\nwattif\.errors\.EngineError: executor {platform.node()} has wattif {wattif.__version__}, not 0\.0;"
    assert re.search(refused, str(failure.value))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"meter": 3}, r"`meter` 3: unknown option; did you mean meters\? Choose from .*\btable\b"),
        ({"start": "01.02.2024"}, "`start` 01.02.2024: not a date; write it as YYYY-MM-DD"),
        ({"end": "2023-12-31"}, "`end` 2023-12-31: is before `start` 2024-01-01; swap them"),
        ({"meters": "many"}, "`meters` many: is not a whole number"),
        ({"meters": 0, "interval": 7}, "`meters` 0: must be greater.*; `interval` 7: does not divide an hour"),
        ({"city": "atlantis"}, "`city` atlantis: unknown city"),
        ({"columns": "mac,powr_w"}, "`columns` powr_w: unknown column; did you mean power_w?"),
        ({"anomalies": "spyke", "anomaly_rate": 1}, "`anomalies` spyke: unknown kind; did you mean spike?"),
        ({"table": "reading"}, "`table` reading: there is none; did you mean readings?"),
        ({"table": "smart_meter_readings"}, "`table` smart_meter_readings: there is none"),
        ({"table": "air_quality"}, "`table` air_quality: the dataset has none"),
        ({"table": "expected_daily", "view": "true"}, "`view` true: choose from measured, delivered, deduplicated"),
        (
            {"start": "2024-01-01", "lake": "somewhere"},
            "`start` 2024-01-01: the dataset in somewhere says it",
        ),
    ],
)
def test_what_cannot_be_is_said_in_a_line(options: dict[str, Any], message: str) -> None:
    with pytest.raises(Exception, match=f"^{message}") as failure:
        WattIf(_words({**CLEAN, **options})).schema()
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"meters": 3}, "`meters` 3: unknown option; choose from incident_count, .*, table, lake$"),
        ({"incident_count": 0}, "`incident_count` 0: must be greater than or equal to 1"),
        ({"units_min": 4}, "`units_min` 4: is more than `units_max` 3"),
        ({"window_end": "soon"}, "`window_end` soon: not a date or time"),
        ({"city": "atlantis"}, "`city` atlantis: unknown city"),
        ({"workflow": "none.toml"}, "`workflow` none.toml: cannot be read"),
        ({"table": "incident"}, "`table` incident: there is none; did you mean incidents?"),
        ({"seed": None}, "`seed`: must be given, because each query would draw others"),
        ({"seed": None, "window_end": None}, "`seed` and `window_end`: must be given"),
        ({"lake": "LAKE", "seed": None, "window_end": None}, "`seed`: must be given"),
        ({"lake": "LAKE", "cities": "my.toml"}, "`cities` my.toml: is what `lake` says; leave it out"),
        ({"lake": "LAKE", "city": "london"}, "`city` london: is not in the lake"),
        ({"lake": "LAKE", "window_end": None, "incident_count": 1}, r"`incident_count` 1: the lake has \d+ labelled"),
    ],
)
def test_incidents_that_cannot_be_are_said_in_a_line(dark_lake: Path, options: dict[str, Any], message: str) -> None:
    given = {name: value for name, value in {**INCIDENTS, **options}.items() if value is not None}
    with pytest.raises(Exception, match=f"^{message}") as failure:
        WattIf(_words(given | ({"lake": dark_lake} if "lake" in given else {}))).schema()
    assert "\n" not in str(failure.value)


def test_spark_tells_the_line(load: Load, tmp_path: Path) -> None:
    for options, schema, line in (
        ({"start": "2024-01-01"}, None, "wattif.errors.UsageError: `end` is missing\n"),
        (CLEAN, "dt STRING", "wattif.errors.InvalidValue: `schema` dt STRING: has the type DATE in readings\n"),
    ):
        with pytest.raises(AnalysisException) as failure:
            load(schema, **options).count()
        assert f"\n{line}" in str(failure.value)


def test_tasks_are_days_or_equal_shares_of_them() -> None:
    spec = wattif.Spec(start="2024-01-01", end="2024-01-02", meters=1_010)
    units = list(parts(rows_of(spec, "readings", numbers="decimal", view="measured")))
    meters = [(unit.day, meter) for unit in units for meter in range(unit.first, unit.first + unit.count)]
    assert meters == [(date(2024, 1, day), meter) for day in (1, 2) for meter in range(1_010)]
    assert {unit.count for unit in units} == {220, 130}  # of 232, the most that make two million rows, in files of 20
    assert datetime.fromisoformat(units[0].partition).date() == spec.start
    year = rows_of(
        wattif.Spec(start="2024-01-01", end="2024-12-31", meters=10**7), "readings", numbers="decimal", view="measured"
    )
    assert 90_000 < sum(1 for _ in parts(year)) < 110_000
