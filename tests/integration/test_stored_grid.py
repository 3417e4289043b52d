"""`read_grid`: the tables of a folder, in each format; what is missing is named."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from tests.grids import tables_of, write_grid
from wattif.data_set.files import FORMATS
from wattif.errors import UsageError
from wattif.grid import Grid, GridSpec, generate_grid
from wattif.grid.stored import read_grid

SPEC = GridSpec(num_transformers=3, num_meters=40, num_months=2, num_zones=2, anomaly_rate=0.2)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return generate_grid(SPEC)


@pytest.mark.parametrize("ending", FORMATS)
def test_the_tables_are_those_that_were_written(grid: Grid, ending: str, tmp_path: Path) -> None:
    found = read_grid(write_grid(grid, tmp_path / "data", ending))
    assert found.transformers.equals(grid.transformers)
    assert found.meters.equals(grid.meters)
    seconds = pa.timestamp("s", "UTC")
    for name in ("start", "end"):
        told, true = found.anomaly_labels[name], grid.anomaly_labels[name]
        assert told.cast(seconds, safe=False).equals(true.cast(seconds, safe=False))
    others = [name for name in grid.anomaly_labels.column_names if name not in ("start", "end")]
    assert found.anomaly_labels.select(others).equals(grid.anomaly_labels.select(others))
    assert found.anomaly_labels.num_rows > 0


def test_what_pandas_writes_is_read(grid: Grid, tmp_path: Path) -> None:
    for name, table in tables_of(grid).items():
        table.to_pandas().to_csv(tmp_path / f"{name}.csv", index=False)
    found = read_grid(tmp_path)
    for name, table in tables_of(found).items():
        assert table.equals(tables_of(grid)[name]), name


@pytest.mark.parametrize("ending", FORMATS)
def test_a_table_without_rows_has_its_columns(grid: Grid, ending: str, tmp_path: Path) -> None:
    none = Grid(transformers=grid.transformers, meters=grid.meters, anomaly_labels=grid.anomaly_labels.slice(0, 0))
    found = read_grid(write_grid(none, tmp_path / "data", ending)).anomaly_labels
    assert found.num_rows == 0
    assert found.schema.equals(grid.anomaly_labels.schema)


def test_ids_are_texts_whatever_they_look_like(grid: Grid, tmp_path: Path) -> None:
    named = {old: f"{n:03}" for n, old in enumerate(grid.transformers["transformer_id"].to_pylist())}

    def renamed(table: pa.Table) -> pa.Table:
        place = table.column_names.index("transformer_id")
        ids = pa.array([named[old] for old in table["transformer_id"].to_pylist()], pa.string())
        return table.set_column(place, table.schema.field("transformer_id"), ids)

    other = Grid(
        transformers=renamed(grid.transformers),
        meters=renamed(grid.meters),
        anomaly_labels=renamed(grid.anomaly_labels),
    )
    for ending in FORMATS:
        found = read_grid(write_grid(other, tmp_path / ending, ending))
        assert found.transformers["transformer_id"].to_pylist() == ["000", "001", "002"]


def _refusal(folder: Path) -> str:
    with pytest.raises(UsageError) as caught:
        read_grid(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_table_that_was_cut_is_told_by_the_keys_of_another(grid: Grid, tmp_path: Path) -> None:
    for name, key in (("transformers", "transformer_id"), ("meter_consumption", "meter_id")):
        folder = write_grid(grid, tmp_path / name)
        file = folder / f"{name}.csv"
        file.write_text("".join(file.read_text().splitlines(keepends=True)[:2]))
        assert f": {key} " in _refusal(folder)
        assert f"is not in {file}; write the data set again" in _refusal(folder)


def test_what_is_missing_is_named(grid: Grid, tmp_path: Path) -> None:
    folder = write_grid(grid, tmp_path / "data")
    assert _refusal(tmp_path / "none") == f"`grid` {tmp_path}/none: no such folder; name the folder of a grid data set"
    assert "is not a folder" in _refusal(folder / "transformers.csv")
    labels = folder / "anomaly_labels.csv"
    text = labels.read_text()
    labels.rename(folder / "other.csv")
    assert _refusal(folder).startswith(f"{folder}/anomaly_labels.*: no such file (csv, parquet, ndjson); ")
    labels.write_text(text.replace("risk_band", "risk", 1))
    assert _refusal(folder).startswith(f"{labels}: has no column risk_band (how much was not")
    labels.write_text(text)
    (folder / "anomaly_labels.ndjson").write_text("")
    assert "the same table twice; remove one of them" in _refusal(folder)


def test_values_that_are_none_are_named(grid: Grid, tmp_path: Path) -> None:
    folder = write_grid(grid, tmp_path / "data")
    file = folder / "transformers.csv"
    head, first, *rest = file.read_text().splitlines()
    fields = first.split(",")
    place = head.split(",").index("capacity_kva")
    for value, reason in (("many", "correct the value"), ("", "capacity_kva has no value in row 1; fill it in")):
        fields[place] = value
        file.write_text("\n".join([head, ",".join(fields), *rest]) + "\n")
        assert _refusal(folder).startswith(f"{file}: ")
        assert reason in _refusal(folder)
    months = folder / "meter_consumption.csv"
    months.write_text(months.read_text().replace("monthly_consumption_", "month_"))
    assert _refusal(folder) == (f"{months}: has no column of a month; it needs some like monthly_consumption_2024_01")
