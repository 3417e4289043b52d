"""A grid data set in a warehouse: what DuckDB and BigQuery hold, against the files as other readers have them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.fakes.bigquery_server import DATASET, PROJECT, emulator
from tests.grids import write_grid
from tests.warehouses import rows
from wattif.data_set.files import FORMATS
from wattif.errors import UsageError, WarehouseError
from wattif.grid import Grid, GridSpec, generate_grid
from wattif.grid.load import load_grid
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.whole_tables import WholeLoadReport

SPEC = GridSpec(num_transformers=4, num_meters=50, num_months=3, num_zones=2, anomaly_rate=0.3)
NAMES = {"grid_transformers": 4, "meter_consumption": 50}
OF_BIGQUERY = WarehousePlace(warehouse="bigquery", project=PROJECT, dataset=DATASET)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return generate_grid(SPEC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "city.duckdb"


def _load(folder: Path, database: Path) -> WholeLoadReport:
    return load_grid(folder, WarehousePlace(database=database))


def _contents(grid: Grid) -> dict[str, pa.Table]:
    seconds = pa.timestamp("s", "UTC")
    labels = grid.anomaly_labels
    for name in ("start", "end"):
        place = labels.column_names.index(name)
        labels = labels.set_column(place, name, labels[name].cast(seconds, safe=False))
    return {"grid_transformers": grid.transformers, "meter_consumption": grid.meters, "grid_anomaly_labels": labels}


def _is_there(database: Path, grid: Grid) -> None:
    for name, table in _contents(grid).items():
        assert sorted(rows(database, f"FROM {name}")) == sorted(tuple(row.values()) for row in table.to_pylist()), name


@pytest.mark.parametrize("ending", FORMATS)
def test_every_row_arrives_from_each_format(grid: Grid, ending: str, tmp_path: Path, database: Path) -> None:
    report = _load(write_grid(grid, tmp_path / "data", ending), database)
    labels = grid.anomaly_labels.num_rows
    assert report.tables == {**NAMES, "grid_anomaly_labels": labels}
    assert report.summary == (
        f"into {database}: grid_transformers (4 rows), meter_consumption (50 rows), grid_anomaly_labels ({labels} rows)"
    )
    _is_there(database, grid)


def test_types_are_those_of_the_schema(grid: Grid, tmp_path: Path, database: Path) -> None:
    _load(write_grid(grid, tmp_path / "data", "csv"), database)
    types = {"string": "VARCHAR", "double": "DOUBLE", "int32": "BIGINT", "bool": "BOOLEAN"}
    types["timestamp[us, tz=UTC]"] = "TIMESTAMP WITH TIME ZONE"
    tables = {"grid_transformers": grid.transformers, "grid_anomaly_labels": grid.anomaly_labels}
    for name, table in {**tables, "meter_consumption": grid.meters}.items():
        told = rows(database, f"SELECT column_name, column_type FROM (DESCRIBE {name})")
        assert told == [(field.name, types[str(field.type)]) for field in table.schema]


def test_keys_join_and_months_sum_to_loads(grid: Grid, tmp_path: Path, database: Path) -> None:
    _load(write_grid(grid, tmp_path / "data", "parquet"), database)
    sums = rows(
        database,
        "SELECT count(*), max(abs(load_kwh - kwh)) FROM grid_transformers JOIN (SELECT transformer_id,"
        " sum(monthly_consumption_2024_01 + monthly_consumption_2024_02 + monthly_consumption_2024_03) AS kwh"
        " FROM meter_consumption GROUP BY ALL) USING (transformer_id)",
    )
    assert sums == [(4, pytest.approx(0, abs=1e-3))]
    assert rows(database, "SELECT count(*) FROM grid_anomaly_labels ANTI JOIN meter_consumption USING (meter_id)") == [
        (0,)
    ]


def test_a_second_load_brings_what_has_changed(grid: Grid, tmp_path: Path, database: Path) -> None:
    folder = write_grid(grid, tmp_path / "data", "csv")
    _load(folder, database)
    again = _load(folder, database)
    assert (again.tables, again.tables_skipped) == ({}, 3)
    assert again.summary == f"into {database}: nothing (3 tables were already loaded)"
    labels = folder / "anomaly_labels.csv"
    labels.write_text("".join(labels.read_text().splitlines(keepends=True)[:3]))
    assert _load(folder, database).tables == {"grid_anomaly_labels": 2}
    kept = grid.anomaly_labels.slice(0, 2)
    _is_there(database, Grid(transformers=grid.transformers, meters=grid.meters, anomaly_labels=kept))


def test_another_city_in_the_same_months_takes_its_place(grid: Grid, tmp_path: Path, database: Path) -> None:
    _load(write_grid(grid, tmp_path / "data", "csv"), database)
    other = generate_grid(SPEC.model_copy(update={"seed": 7, "num_meters": 60}))
    assert _load(write_grid(other, tmp_path / "other", "ndjson"), database).tables_skipped == 0
    _is_there(database, other)


def test_other_months_are_refused_by_name(grid: Grid, tmp_path: Path, database: Path) -> None:
    _load(write_grid(grid, tmp_path / "data", "csv"), database)
    longer = generate_grid(SPEC.model_copy(update={"num_months": 4}))
    with pytest.raises(WarehouseError, match=r"table grid_transformers has other columns .*; name another `database`"):
        _load(write_grid(longer, tmp_path / "longer", "csv"), database)
    _is_there(database, grid)


def test_a_folder_that_lacks_a_table_leaves_no_database(grid: Grid, tmp_path: Path, database: Path) -> None:
    folder = write_grid(grid, tmp_path / "data", "csv")
    (folder / "anomaly_labels.csv").unlink()
    with pytest.raises(UsageError, match=r"anomaly_labels\.\*: no such file"):
        _load(folder, database)
    assert not database.exists()


def test_a_lake_and_a_grid_share_a_database(grid: Grid, tmp_path: Path, database: Path) -> None:
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE TABLE transformers AS SELECT 1 AS mine")
    _load(write_grid(grid, tmp_path / "data", "csv"), database)
    assert rows(database, "FROM transformers") == [(1,)]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The emulator of BigQuery."""
    with emulator(tmp_path_factory.mktemp("buckets")) as url:
        yield url


@pytest.fixture
def client(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The official client, with an empty dataset."""
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
    anonymous: Any = AnonymousCredentials
    client: Any = bigquery.Client(PROJECT, credentials=anonymous())
    client.create_dataset(DATASET, timeout=20)
    yield client
    client.delete_dataset(DATASET, delete_contents=True, timeout=20)
    client.close()


def _in_bigquery(client: Any, name: str) -> list[tuple[Any, ...]]:
    job = client.query(f"SELECT * FROM `{PROJECT}.{DATASET}.{name}`", retry=None, timeout=20)
    return sorted(tuple(row.values()) for row in job.result(retry=None, timeout=20))


@pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")  # the emulator's own
def test_bigquery_holds_the_same_and_says_what_columns_mean(grid: Grid, client: Any, tmp_path: Path) -> None:
    folder = write_grid(grid, tmp_path / "data", "csv")
    assert set(load_grid(folder, OF_BIGQUERY).tables) == set(_contents(grid))
    for name, table in _contents(grid).items():
        assert _in_bigquery(client, name) == sorted(tuple(row.values()) for row in table.to_pylist())
        told = {field.name: field.description for field in client.get_table(f"{DATASET}.{name}", timeout=20).schema}
        assert list(told) == table.column_names
        assert all(told.values())
    meters = {
        field.name: field.description for field in client.get_table(f"{DATASET}.meter_consumption", timeout=20).schema
    }
    assert meters["monthly_consumption_2024_02"] == "sum of the readings of 2024-02, kWh"
    assert load_grid(folder, OF_BIGQUERY).tables_skipped == 3
    other = generate_grid(SPEC.model_copy(update={"seed": 7}))
    load_grid(write_grid(other, tmp_path / "other", "parquet"), OF_BIGQUERY)
    assert _in_bigquery(client, "meter_consumption") == sorted(tuple(row.values()) for row in other.meters.to_pylist())
    longer = generate_grid(SPEC.model_copy(update={"num_months": 4}))
    with pytest.raises(WarehouseError, match=r"grid_transformers has other columns .*; name another `dataset`"):
        load_grid(write_grid(longer, tmp_path / "longer", "csv"), OF_BIGQUERY)
