"""Tables that cannot be held against their dataset: one line says why, and the exit code is that of wrong usage."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.reconciling import make_lake
from wattif.cli.main import exit_code


def _refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    capsys.readouterr()
    assert exit_code(["reconcile", *map(str, arguments)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "Traceback" not in told.err
    return told.err


@pytest.mark.parametrize(
    ("columns", "lacking"), [("timestamp,consumption_wh", "mac"), ("mac,consumption_wh,seq", "timestamp")]
)
@pytest.mark.parametrize("kept_in", ["table", "parquet"])
def test_a_dataset_without_a_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], columns: str, lacking: str, kept_in: str
) -> None:
    """Its own table has none either; a table that was given one cannot be compared, too."""
    lake = make_lake(tmp_path, columns=columns)
    database, parquet = tmp_path / "warehouse.duckdb", tmp_path / "readings.parquet"
    place = ("--database", database, "--table", "readings") if kept_in == "table" else ("--parquet", parquet)
    for extra in ("", f", '02:00:00:00:00:01' AS {lacking}"):
        with duckdb.connect(database) as connection:
            connection.execute(f"CREATE OR REPLACE TABLE readings AS SELECT *{extra} FROM '{lake}/dt=*/*.json'")
            connection.execute(f"COPY readings TO '{parquet}'")
        told = _refused(capsys, "--lake", lake, *place)
        assert f"the dataset's --columns have no {lacking}, so its readings cannot be told apart" in told
        assert str(database if kept_in == "table" else parquet) in told


@pytest.mark.parametrize(
    ("select", "lacking"),
    [
        ("* EXCLUDE (mac)", "mac"),
        ("* EXCLUDE (timestamp)", "timestamp"),
        ("timestamp AS time_hour_rolled, consumption_wh AS consumption_hour_rolled", "mac"),
    ],
)
def test_a_table_without_a_key(tmp_path: Path, capsys: pytest.CaptureFixture[str], select: str, lacking: str) -> None:
    lake, database = make_lake(tmp_path), tmp_path / "warehouse.duckdb"
    with duckdb.connect(database) as connection:
        connection.execute(f"CREATE TABLE readings AS SELECT {select} FROM '{lake}/dt=*/*.json'")
    told = _refused(capsys, "--lake", lake, "--database", database, "--table", "readings")
    assert f"no column {lacking}" in told
    assert "mac and timestamp" in told
