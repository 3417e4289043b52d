"""The function of deploy/ behind the framework that the service runs it in, against a bucket over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import functions_framework
import pytest

from tests.fakes.gcs_server import GcsServer
from wattif.grid import GridSpec, write_grid

MAIN = Path(__file__).resolve().parent.parent.parent / "deploy" / "function" / "main.py"
SMALL = {"num_meters": 60, "num_transformers": 5, "num_zones": 2, "num_months": 2}


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsServer]:
    with GcsServer(["city"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        monkeypatch.setenv("WATTIF_LAKE", "gs://city/grids")
        yield server


def _post(body: Any) -> tuple[int, dict[str, Any]]:
    client = functions_framework.create_app("grid", str(MAIN)).test_client()
    answer = client.post("/", json=body)
    return answer.status_code, answer.get_json()


def test_the_files_in_the_bucket_are_those_of_the_verb(storage: GcsServer, tmp_path: Path) -> None:
    code, answer = _post({**SMALL, "name": "may", "start_month": "2024-05"})
    assert code == 200, answer
    assert answer["place"] == "gs://city/grids/may"
    write_grid(GridSpec(**SMALL, start_month="2024-05"), tmp_path / "may")
    stored = storage.objects("city")
    assert set(stored) == {f"grids/may/{name}" for name in answer["files"]}
    tables = [path for path in (tmp_path / "may").iterdir() if path.suffix in (".csv", ".geojson")]
    for path in tables:
        assert stored[f"grids/may/{path.name}"].content == path.read_bytes()
    rows = list(csv.DictReader(io.StringIO(stored["grids/may/meter_consumption.csv"].content.decode())))
    assert len(rows) == answer["meters"] == 60


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([1], "POST a JSON object"),
        ({"num_meter": 5}, "num_meter: Extra inputs are not permitted"),
        ({"num_meters": 0}, "num_meters: Input should be greater than or equal to 1"),
        ({"num_meters": 20_001}, "num_meters 20001: at most 20000"),
        ({"name": "../up"}, "name '../up': not the name of a folder"),
        ({**SMALL, "city": "atlantis"}, "atlantis"),
        ({**SMALL, "output_format": "xls"}, "xls"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(storage: GcsServer, body: Any, said: str) -> None:
    code, answer = _post(body)
    assert code == 400
    assert said in answer["error"]
    assert not storage.objects("city")


def test_a_bucket_that_is_not_there_is_named(storage: GcsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATTIF_LAKE", "gs://other/grids")
    code, answer = _post(SMALL)
    assert code == 502
    assert "other" in answer["error"]
