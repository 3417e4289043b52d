"""The snippets of docs/grid-recipes.md as they are pasted, on files of `wattif grid`; DuckDB counts again."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.processes import environment

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "grid-recipes.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the snippets run: beside ./generated_data."""
    folder = tmp_path_factory.mktemp("recipes")
    command = [sys.executable, "-m", "wattif", "grid", "--num-meters", "1200", "--num-transformers", "30"]
    subprocess.run(command, cwd=folder, env=environment(folder, PYTHONPATH=str(ROOT)), check=True)
    return folder


@pytest.fixture(scope="module")
def namespace(folder: Path) -> Iterator[dict[str, Any]]:
    """What all snippets of Python leave behind, in order, as in a notebook that lies there."""
    namespace: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for block in _blocks("python"):
            exec(block, namespace)
        yield namespace


def _rows(sql: str) -> list[tuple[Any, ...]]:
    return duckdb.execute(sql).fetchall()


METERS = "'generated_data/meter_consumption.csv'"
LABELS = "'generated_data/anomaly_labels.csv'"


def test_what_pandas_makes_of_the_files(namespace: dict[str, Any]) -> None:
    months = [f"monthly_consumption_2024_{month:02}" for month in range(1, 13)]
    assert namespace["monthly_columns"] == months
    meters, total = namespace["meters"], " + ".join(months)
    expected = _rows(f"SELECT {total}, meter_id IN (SELECT meter_id FROM {LABELS}) FROM {METERS} ORDER BY meter_id")
    ordered = meters.sort_values("meter_id")
    np.testing.assert_allclose(ordered["total_kwh"], [row[0] for row in expected])
    assert ordered["is_anomaly"].tolist() == [row[1] for row in expected]
    assert 0 < meters["is_anomaly"].sum() < 120
    labels = namespace["anomaly_labels"]
    assert {str(labels[name].dtype.tz) for name in ("start", "end")} == {"UTC"}
    assert (labels["end"] > labels["start"]).all()


def test_months_by_class(namespace: dict[str, Any]) -> None:
    table = namespace["by_class"]
    assert table.shape == (12, 3)
    for column in table.columns:
        sums = ", ".join(f"sum(monthly_consumption_2024_{month.month:02})" for month in table.index)
        (expected,) = _rows(f"SELECT {sums} FROM {METERS} WHERE customer_class = '{column}'")
        np.testing.assert_allclose(table[column], expected)


def test_what_transformers_feed(namespace: dict[str, Any]) -> None:
    stored = _rows("SELECT transformer_id, num_meters, load_kwh FROM 'generated_data/transformers.csv' ORDER BY ALL")
    fed = namespace["fed"].sort_index()
    assert fed.index.tolist() == [row[0] for row in stored]
    assert fed["meters"].tolist() == [row[1] for row in stored]
    np.testing.assert_allclose(fed["kwh"], [row[2] for row in stored], rtol=1e-9)


def test_kilowatt_hours_as_they_are_find_what_is_large(namespace: dict[str, Any]) -> None:
    """What the page says of the first detector that one tries."""
    assert namespace["precision"] < 2 * namespace["meters"]["is_anomaly"].mean()
    assert namespace["largest"].get("residential", 0) < namespace["largest"].sum() / 10


def test_features_of_the_map_layer(namespace: dict[str, Any]) -> None:
    expected = dict(_rows(f"SELECT transformer_id, count(*) FROM {METERS} GROUP BY ALL"))
    assert namespace["sizes"] == expected


def test_duckdb_reads_the_files_where_they_are(namespace: dict[str, Any]) -> None:
    (query,) = _blocks("sql")
    meters = namespace["meters"].groupby("customer_class")["monthly_consumption_2024_01"].agg(["count", "mean"])
    assert _rows(query) == [(name, count, pytest.approx(mean)) for name, count, mean in meters.itertuples()]
