"""`wattif map` at the command line: what it writes, how large it is, and what it refuses."""

from __future__ import annotations

import re
import resource
from pathlib import Path

import pyarrow as pa
import pytest

from tests.grids import write_grid
from wattif.cli.main import exit_code
from wattif.errors import UsageError
from wattif.grid import Grid, GridSpec, generate_grid
from wattif.map import map_page

SPEC = GridSpec(num_transformers=3, num_meters=40, num_months=2, num_zones=2, anomaly_rate=0.2)


@pytest.fixture(scope="module")
def grid() -> Grid:
    return generate_grid(SPEC)


@pytest.fixture
def folder(grid: Grid, tmp_path: Path) -> Path:
    return write_grid(grid, tmp_path / "generated_data")


@pytest.fixture
def asked(folder: Path) -> list[str]:
    return ["map", "--grid", str(folder), "--out", str(folder.parent / "map.html")]


def test_it_prints_the_page_and_its_size(asked: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(asked) == 0
    page = folder.parent / "map.html"
    size = f"{page.stat().st_size / 1e3:.2f} kB"
    assert capsys.readouterr().out == f"{page}: 3 transformers, 40 meters, {size}\n"
    assert sorted(path.name for path in folder.parent.iterdir()) == ["generated_data", "map.html"]


def test_the_same_data_make_the_same_page(asked: list[str], folder: Path) -> None:
    page = folder.parent / "map.html"
    assert exit_code(asked) == 0
    first = page.read_bytes()
    assert exit_code([*asked, "--overwrite"]) == 0
    assert page.read_bytes() == first


def _refused(asked: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert exit_code(asked) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line.removeprefix("wattif map: error: ")


def test_a_page_that_is_there_is_kept(asked: list[str], folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = folder.parent / "map.html"
    page.write_text("mine")
    assert _refused(asked, capsys) == (
        f"--out {page}: is there already; name another file, or replace it with --overwrite"
    )
    assert page.read_text() == "mine"
    assert exit_code([*asked, "--overwrite"]) == 0
    assert page.read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--out", "map.pdf"], "--out map.pdf: must end with .html, for example map.html"),
        (["--out", "none/map.html"], "--out none/map.html: no such folder: none; create it or name another"),
        (["--grid", "none"], "--grid none: no such folder; name the folder of a grid data set"),
        (["--tiles", "https://tiles.example/"], "--tiles https://tiles.example/: no address of tiles; write it like"),
        (["--tiles", "file:///{z}/{x}/{y}.png"], "--tiles file:///{z}/{x}/{y}.png: no address of tiles; write it like"),
        (["--attribution", "me"], "--attribution me: there are no tiles; name them with --tiles"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_a_line(
    asked: list[str], options: list[str], reason: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _refused([*asked, *options], capsys).startswith(reason)
    assert not list(folder.parent.glob("*.html"))


def test_a_page_that_cannot_be_written_leaves_nothing(
    asked: list[str], folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = folder.parent / "map.html"
    page.write_text("mine")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # as a disk that is soon full
    try:
        code = exit_code([*asked, "--overwrite"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert code == 1
    expected = f"wattif map: error: --out {page}: cannot be written: File too large; name another file\n"
    assert capsys.readouterr().err == expected
    assert sorted(path.name for path in folder.parent.iterdir()) == ["generated_data", "map.html"]
    assert page.read_text() == "mine"


def _with(table: pa.Table, name: str, row: int, value: object) -> pa.Table:
    values = table[name].to_pylist()
    values[row] = value
    field = table.schema.field(name)
    return table.set_column(table.column_names.index(name), field, pa.array(values, field.type))


def test_rows_without_an_owner_are_named(grid: Grid) -> None:
    cases = {
        "meter_consumption: transformer_id T is not in transformers; ": (
            grid.transformers,
            _with(grid.meters, "transformer_id", 7, "T"),
            grid.anomaly_labels,
        ),
        "anomaly_labels: meter_id M is not in meter_consumption; ": (
            grid.transformers,
            grid.meters,
            _with(grid.anomaly_labels, "meter_id", 0, "M"),
        ),
        "meter_consumption: meter_id MNL_Z_001_T_0001_M_001 has more than one row; ": (
            grid.transformers,
            _with(grid.meters, "meter_id", 5, "MNL_Z_001_T_0001_M_001"),
            grid.anomaly_labels,
        ),
        "meters: longitude is 181.0 somewhere, ": (
            grid.transformers,
            _with(grid.meters, "longitude", 2, 181.0),
            grid.anomaly_labels,
        ),
        "transformers: latitude is nan somewhere, ": (
            _with(grid.transformers, "latitude", 1, float("nan")),
            grid.meters,
            grid.anomaly_labels,
        ),
    }
    for reason, tables in cases.items():
        with pytest.raises(UsageError, match=f"^{re.escape(reason)}"):
            map_page(*tables, title="grid")


def test_only_tiles_are_allowed_to_be_loaded(grid: Grid) -> None:
    tables = (grid.transformers, grid.meters, grid.anomaly_labels)
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', map_page(*tables, title="grid"))
    assert policy is not None
    assert "default-src &#x27;none&#x27;" in policy[1]
    assert "http:" not in policy[1]
    assert "unsafe" not in policy[1]


def test_a_page_of_100_000_meters_and_a_year_is_under_5_mb() -> None:
    spec = GridSpec(num_meters=100_000, num_transformers=5_000, anomaly_rate=0.005)
    grid = generate_grid(spec)
    page = map_page(grid.transformers, grid.meters, grid.anomaly_labels, title="100,000 meters").encode()
    assert len(page) < 5_000_000
