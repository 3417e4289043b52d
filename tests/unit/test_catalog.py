"""The catalog: what tables say of themselves agrees with what lies in a lake."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

import wattif
from tests.asking import Asked, generate
from wattif.answers.expect import expect
from wattif.errors import UsageError
from wattif.model.scenario import scenario_of
from wattif.tables import anomaly_labels, catalog, meters, readings
from wattif.tables.arrow import arrow_schema, arrow_table, partition_table
from wattif.tables.hours import HOUR_COLUMNS
from wattif.tables.table import LakeTable, Table
from wattif.tables.unit import Unit

OPTIONS = {
    "start": "2024-01-30",
    "end": "2024-02-02",
    "meters": 45,
    "city": "new-york,london",
    "extra_tables": "air_quality",
    "interval": 900,
    "anomaly_rate": 0.3,
    "solar_share": 0.4,
}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    """A lake with every table, generated and expected."""
    folder = tmp_path_factory.mktemp("catalog")
    staging = folder / "staging"  # of its own: another run may use the default one
    staging.mkdir(mode=0o700)
    asked = Asked.model_validate({**OPTIONS, "lake": folder / "lake", "staging_dir": staging})
    generate(asked, Event())
    expect(asked.spec, asked.place)
    return asked


def _objects(lake: Path) -> Iterator[str]:
    """All but those that tell of the lake itself: its identity, claims, manifests, runs."""
    prefixes = tuple(table.prefix for table in catalog.lake_tables())
    for path in lake.rglob("*"):
        name = path.relative_to(lake).as_posix()
        if path.is_file() and (not name.startswith("_wattif/") or name.startswith(prefixes)):
            yield name


def test_the_catalog_names_every_object_of_a_lake(asked: Asked) -> None:
    named = set()
    for table in catalog.lake_tables_of(asked, "whole", "expect"):
        named |= {name for partition in table.partitions(asked) for name in table.object_names(partition)}
    for day in readings.TABLE.partitions(asked):
        named |= {readings.TABLE.object_name(day, first, min(20, 45 - first)) for first in range(0, 45, 20)}
    assert named == set(_objects(asked.lake))


def test_parquet_files_have_the_columns_of_their_tables_and_as_many_rows_as_told(asked: Asked) -> None:
    for table in catalog.lake_tables_of(asked, "whole", "expect"):
        for partition in table.partitions(asked):
            found = pq.read_table(asked.lake / table.object_name(partition, ending="parquet"))
            assert found.schema.equals(arrow_schema(table.columns_in(asked)), check_metadata=True), table.name
            told = table.rows(asked, partition)
            assert not told.exact or found.num_rows == told.rows, (table.name, partition)
            keys = found.select(list(table.key)).group_by(list(table.key)).aggregate([])
            assert table.key
            assert keys.num_rows == found.num_rows


@pytest.mark.parametrize("table", [meters.TABLE, anomaly_labels.TABLE])
def test_a_range_of_meters_can_be_made_alone(asked: Asked, table: LakeTable) -> None:
    scenario = scenario_of(asked)
    whole = partition_table(table, scenario, asked.meters)
    for first, count in ((0, 1), (19, 2), (20, 20), (44, 1)):
        alone = arrow_table(table.columns, table.columns_of(scenario, Unit(table.name, "all", first, count)))
        wanted = [row for row in whole.to_pylist() if first <= row["meter"] < first + count]
        assert alone.to_pylist() == wanted


def test_names_are_unique_and_an_unknown_one_suggests_the_nearest() -> None:
    names = [table.name for table in catalog.tables()]
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="two tables readings"):
        catalog.register(Table(name="readings", description="others", columns=()))
    with pytest.raises(UsageError, match="did you mean weather"):
        catalog.table("wether")


def test_every_column_says_what_it_means_and_has_a_type_everywhere() -> None:
    for table in catalog.tables():
        assert len({column.name for column in table.columns}) == len(table.columns)
        assert set(table.key) <= set(table.column_names)
        for column in table.columns:
            assert len(column.description) > 3, (table.name, column.name)
            assert column.bigquery_type
            assert column.duckdb_type
            assert column.arrow_type


def test_the_columns_of_readings_are_what_their_files_say(asked: Asked) -> None:
    scenario = scenario_of(asked.spec)
    unit = Unit("readings", "2024-02-01", 20, 20)
    columns = readings.TABLE.columns_of(scenario, unit)
    path = asked.lake / readings.TABLE.object_name(unit.partition, unit.first, unit.count)
    rows = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert set(columns) == set(readings.FIELD_NAMES) > set(rows[0])
    assert np.datetime_as_string(columns["timestamp"], timezone="UTC").tolist() == [row["timestamp"] for row in rows]
    for field in readings.fields_of(asked.spec):
        if field.kind == "number":
            found = (columns[field.name] / 10**field.decimals).tolist()
            assert found == [row[field.name] for row in rows], field.name


def test_columns_of_hours_are_named_once() -> None:
    """Whoever asks for one takes its name from its declaration."""
    names = [each.name for each in HOUR_COLUMNS if each.name not in ("mac", "readings")]
    root = Path(wattif.__file__).parent
    for path in sorted(root.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef)
        prose = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, documented)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in prose:
                found = [name for name in names if re.search(rf"\b{name}\b", node.value)]
                assert not found or path == root / "tables" / "hours.py", (path, found)
