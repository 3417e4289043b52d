"""The snippets of docs/grid-recipes.md as they are pasted, on files of `wattif grid`; DuckDB counts again."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from tests.commands import run_wattif
from tests.e2e.browser import Browser, needs_chromium

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "grid-recipes.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the snippets run: beside ./generated_data."""
    folder = tmp_path_factory.mktemp("recipes")
    done = run_wattif(folder, "grid", "--num-meters", "1200", "--num-transformers", "30")
    assert done.returncode == 0, done.stderr
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
    assert namespace["largest"].get("residential", 0) < namespace["largest"].sum() / 5  # of meters, they are 85 %


def test_features_of_the_map_layer(namespace: dict[str, Any]) -> None:
    expected = dict(_rows(f"SELECT transformer_id, count(*) FROM {METERS} GROUP BY ALL"))
    assert namespace["sizes"] == expected


PAGE_OF_LEAFLET = """<!doctype html><meta charset="utf-8"><title>map</title>
<link rel="stylesheet" href="leaflet.css"><script src="leaflet.js"></script><div id="map" style="height: 400px"></div>
<script>const map = L.map("map").setView([14.55, 121.05], 11);
{snippet}</script>"""
LAYERS = """return Object.values(map._layers).filter((each) => each.getPopup && each.getPopup()).map((each) =>
    [each.getPopup().getContent(), each.getLatLng().lat, each.getLatLng().lng, each.getRadius()])"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@needs_chromium
def test_leaflet_draws_a_marker_for_each_transformer_and_tells_its_meters(
    folder: Path, namespace: dict[str, Any], tmp_path: Path
) -> None:
    (snippet,) = _blocks("js")
    site = tmp_path / "site"
    site.mkdir()
    for name in ("leaflet.js", "leaflet.css"):
        shutil.copy(ROOT / "wattif" / "map" / "vendor" / "leaflet" / "dist" / name, site)
    shutil.copy(folder / "generated_data" / "transformers.geojson", site)
    (site / "index.html").write_text(PAGE_OF_LEAFLET.replace("{snippet}", snippet), encoding="utf-8")
    handler = partial(_Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        browser = Browser(tmp_path / "home")
        try:
            browser.driver.get(f"http://127.0.0.1:{server.server_port}/")
            markers = browser.wait(lambda: browser.all("path.leaflet-interactive"))
            markers[-1].click()  # none lies on it
            (told,) = [each.text for each in browser.wait(lambda: browser.all(".leaflet-popup-content"))]
            layers = browser.script(LAYERS)
        finally:
            browser.driver.quit()
            server.shutdown()
            thread.join()
    sizes = namespace["sizes"]
    places = _rows("SELECT transformer_id, latitude, longitude FROM 'generated_data/transformers.csv'")
    expected = [[f"{name}: {sizes[name]} meters", *place, 3 + sizes[name] / 10] for name, *place in places]
    assert sorted(layers) == sorted(expected)
    assert len(markers) == len(expected)
    assert told in {words for words, *_ in layers}


def test_duckdb_reads_the_files_where_they_are(namespace: dict[str, Any]) -> None:
    (query,) = _blocks("sql")
    meters = namespace["meters"].groupby("customer_class")["monthly_consumption_2024_01"].agg(["count", "mean"])
    assert _rows(query) == [(name, count, pytest.approx(mean)) for name, count, mean in meters.itertuples()]
