"""What one learns from with a grid data set: the examples and their notebook, held against other calculations."""

from __future__ import annotations

import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import joblib
import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell
from sklearn.metrics import average_precision_score

from tests import processes
from tests.commands import run_wattif
from tests.notebooks import ROOT, pictures, run_notebook, text
from wattif.grid import GridSpec, generate_grid

NOTEBOOK = ROOT / "notebooks" / "Suspicious_Meters_of_a_Grid.ipynb"


def _write(folder: Path, rate: float, kinds: str) -> Path:
    size = ["--num-transformers", "12", "--num-meters", "480", "--num-zones", "4"]
    wrong = ["--anomaly-rate", str(rate), "--anomalies", kinds]
    done = run_wattif(folder.parent, "grid", *size, *wrong, "--output-dir", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with thefts, which months show, and clocks that are wrong, which they do not."""
    folder = tmp_path_factory.mktemp("city") / "generated_data"
    return _write(folder, 0.1, "theft_ramp,ghost_load,clock_skew")


def _run(example: str, folder: Path, *arguments: str | Path) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", ROOT / "examples" / f"{example}.py", *arguments],
        cwd=folder,
        env=processes.environment(folder, MPLBACKEND="agg", MPLCONFIGDIR=str(folder), OPENBLAS_NUM_THREADS="1"),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def forest(grid: Path) -> tuple[Path, str]:
    """What the forest wrote and printed."""
    code, out, error = _run("isolation_forest", grid.parent)
    assert (code, error) == (0, "")
    return grid.parent / "forest", out


def _is_picture(path: Path) -> bool:
    return path.read_bytes().startswith(b"\x89PNG") and path.stat().st_size > 10_000


def test_the_forest_is_judged_rightly_and_better_than_guessing(grid: Path, forest: tuple[Path, str]) -> None:
    folder, out = forest
    counted = duckdb.execute(
        f"WITH l AS (SELECT meter_id, any_value(kind) AS kind FROM '{grid}/anomaly_labels.csv' GROUP BY ALL)"
        f" SELECT suspicion, flagged, kind FROM '{folder}/scores.csv' LEFT JOIN l USING (meter_id)"
    ).df()
    wrong = counted["kind"].notna()
    assert len(counted) == 480
    assert counted["flagged"].sum() == wrong.sum() > 30
    assert counted["suspicion"][counted["flagged"]].min() >= counted["suspicion"][~counted["flagged"]].max()
    kinds = pd.read_csv(folder / "kinds.csv").set_index("kind")
    assert set(kinds.index) == {"all", "theft_ramp", "ghost_load", "clock_skew"}
    whole = kinds.loc["all"]
    hits = (wrong & counted["flagged"]).sum() / wrong.sum()
    assert (whole["precision"], whole["recall"]) == pytest.approx((hits, hits))
    assert whole["guessing"] == pytest.approx(wrong.mean())
    for kind in kinds.index[1:]:
        own = counted[~wrong | (counted["kind"] == kind)]
        is_kind = own["kind"] == kind
        assert kinds.loc[kind, "average_precision"] == pytest.approx(average_precision_score(is_kind, own["suspicion"]))
        assert kinds.loc[kind, "recall"] == pytest.approx((is_kind & own["flagged"]).sum() / is_kind.sum())
        assert kinds.loc[kind, "precision"] == pytest.approx((is_kind & own["flagged"]).sum() / own["flagged"].sum())
    found, unseen = kinds.loc[["theft_ramp", "ghost_load"]], kinds.loc["clock_skew"]
    assert (found["average_precision"] > 5 * found["guessing"]).all()
    assert unseen["average_precision"] < 5 * unseen["guessing"]
    assert "mostly luck: clock_skew. Look for them in the readings." in out
    assert f"Average precision: {whole['average_precision']:.3f}, of guessing {whole['guessing']:.3f}" in out
    assert _is_picture(folder / "forest.png")


def test_the_saved_forest_scores_the_same(
    grid: Path, forest: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    monkeypatch.setenv("MPLBACKEND", "agg")
    from isolation_forest import features

    table = features(pd.read_csv(grid / "meter_consumption.csv"))
    again = -joblib.load(forest[0] / "forest.joblib").score_samples(table)
    np.testing.assert_allclose(again, pd.read_csv(forest[0] / "scores.csv")["suspicion"])


def test_features_are_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    from isolation_forest import features

    months = pd.DataFrame([[100.0] * 4] * 3 + [[300.0, 300.0, 300.0, 100.0]], columns=[f"m{n}" for n in range(4)])
    meters = months.add_prefix("monthly_consumption_").assign(
        meter_id=list("abcd"), customer_class="residential", transformer_id="t"
    )
    found = features(meters).loc["d"] * 0.001  # the others are alike, so that the least scatter counts
    expected = {"dip": 0.4 - 1.2, "step": 1.2 - 0.4, "second_half": 0.8 - 1.2, "dip_among_neighbors": 0.4 - 1.2}
    assert found.to_dict() == pytest.approx(expected)


def test_meters_that_lose_power_together_are_a_hotspot(tmp_path: Path) -> None:
    grid = _write(tmp_path / "outages", 0.1, "outage")
    code, out, error = _run("dbscan_hotspots", tmp_path, grid)
    assert (code, error) == (0, "")
    hit = duckdb.execute(
        f"SELECT transformer_id, count(*) AS meters, avg(latitude) AS latitude, avg(longitude) AS longitude"
        f" FROM '{grid}/meter_consumption.csv' SEMI JOIN '{grid}/anomaly_labels.csv' USING (meter_id) GROUP BY ALL"
    ).df()
    found = pd.read_csv(tmp_path / "hotspots" / "hotspots.csv")
    assert len(found) == len(hit) > 0
    ordered = [table.sort_values("latitude", ignore_index=True) for table in (found, hit)]
    assert ordered[0]["suspicious"].tolist() == ordered[1]["meters"].tolist()
    np.testing.assert_allclose(ordered[0][["latitude", "longitude"]], ordered[1][["latitude", "longitude"]], atol=1e-5)
    assert (found["share"] == found["suspicious"] / found["meters"]).all()
    assert (found["chance"] < 0.05).all()
    assert f"{len(hit)} of them would surprise" in out
    points = json.loads((tmp_path / "hotspots" / "hotspots.geojson").read_text())
    assert [each["geometry"]["coordinates"] for each in points["features"]] == found[
        ["longitude", "latitude"]
    ].to_numpy().tolist()
    assert [each["properties"]["suspicious"] for each in points["features"]] == found["suspicious"].tolist()
    assert _is_picture(tmp_path / "hotspots" / "hotspots.png")


def test_hotspots_of_what_the_forest_flagged(grid: Path, forest: tuple[Path, str], tmp_path: Path) -> None:
    arguments: list[str | Path] = [
        "--scores",
        forest[0] / "scores.csv",
        "--out",
        tmp_path / "found",
        "--radius-m",
        "200",
        "--least",
        "3",
    ]
    code, out, error = _run("dbscan_hotspots", tmp_path, grid, *arguments)
    assert (code, error) == (0, "")
    found = pd.read_csv(tmp_path / "found" / "hotspots.csv")
    assert (found["suspicious"] >= 3).all()
    assert found["excess"].is_monotonic_decreasing
    assert found["chance"].is_monotonic_increasing
    # the counts of each by the law of cosines: every meter within 200 m of a member
    near = (
        f"WITH m AS (SELECT meter_id, radians(latitude) AS y, radians(longitude) AS x, flagged"
        f" FROM '{grid}/meter_consumption.csv' JOIN '{forest[0]}/scores.csv' USING (meter_id)),"
        " far AS (SELECT count(*) FROM m WHERE flagged)"
        " SELECT count(DISTINCT b.meter_id), count(DISTINCT b.meter_id) FILTER (b.flagged) FROM m a JOIN m b ON"
        " 6371008.8 * acos(least(1, sin(a.y) * sin(b.y) + cos(a.y) * cos(b.y) * cos(a.x - b.x))) <= 200"
        " WHERE a.flagged"
    )
    meters, flagged = duckdb.execute(near).fetchall()[0]
    assert found["meters"].sum() <= meters
    assert found["suspicious"].sum() <= flagged == pd.read_csv(forest[0] / "scores.csv")["flagged"].sum()
    assert f"{len(found)} hotspots; " in out


@pytest.mark.parametrize(
    ("example", "arguments", "said"),
    [
        (
            "isolation_forest",
            ["nowhere"],
            "nowhere/meter_consumption.csv: no such file; write it with 'python -m wattif",
        ),
        ("isolation_forest", ["short"], "short: 2 months are too few to compare; take at least 3"),
        ("isolation_forest", ["clean"], "clean: 0 of 30 meters are labelled; there is nothing to tell apart"),
        ("dbscan_hotspots", ["nowhere"], "nowhere/meter_consumption.csv: no such file"),
        ("dbscan_hotspots", ["clean"], "clean: no meter is suspicious"),
        (
            "dbscan_hotspots",
            ["clean", "--scores", "none.csv"],
            "none.csv: no such file; write it with 'python examples/",
        ),
    ],
)
def test_what_is_missing_is_said(
    example: str,
    arguments: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.syspath_prepend(ROOT / "examples")
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    place = {"transformer_id": "t", "latitude": 14.5, "longitude": 121.0}
    meters = pd.DataFrame({"meter_id": range(30), "customer_class": "residential", **place})
    for name, months in (("short", 2), ("clean", 3)):
        Path(name).mkdir()
        used = {f"monthly_consumption_2024_0{n + 1}": 100.0 for n in range(months)}
        meters.assign(**used).to_csv(f"{name}/meter_consumption.csv", index=False)
        Path(name, "anomaly_labels.csv").write_text("meter_id,kind,severity\n")
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(example).main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
    assert {path.name for path in tmp_path.iterdir()} == {"short", "clean"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in which the notebook may write."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "home"))  # how the kernel is reached
    for name in ("notebooks", "home"):
        (tmp_path / name).mkdir()
    return tmp_path / "notebooks"


def test_the_notebook_runs_from_top_to_bottom(folder: Path) -> None:
    for name in ("examples", "wattif"):
        (folder.parent / name).symlink_to(ROOT / name)
    small = {"NUM_TRANSFORMERS": "12", "NUM_METERS": "480", "ANOMALY_RATE": "0.1"}
    outputs = run_notebook(
        nbformat.read(NOTEBOOK, 4), folder, **{f"WATTIF_{name}": each for name, each in small.items()}
    )
    labels = generate_grid(GridSpec(num_transformers=12, num_meters=480, anomaly_rate=0.1)).anomaly_labels
    labelled = len(set(labels["meter_id"].to_pylist()))
    assert text(outputs["generate"]) == f"12 transformers, 480 meters, {labelled} of them labelled\n"
    assert f"Of {labelled} flagged meters, " in text(outputs["judge"])
    assert " by chance, on average of 100 shuffles." in text(outputs["hotspots"])
    assert " of them would surprise in a city without local causes" in text(outputs["outages"])
    assert pictures(outputs) == ["look", "judge", "hotspots"]
    assert list(folder.iterdir()) == []


def test_without_a_checkout_the_notebook_fetches_one(folder: Path) -> None:
    repository = folder.parent / "repository"
    for name in ("wattif", "examples"):
        shutil.copytree(ROOT / name, repository / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, repository)
    author = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "--message", "All"]):
        subprocess.run(["git", *command], cwd=repository, check=True)
    notebook = nbformat.read(NOTEBOOK, 4)
    cells = {cell.id: cell for cell in notebook.cells}
    cells["parameters"].source += f"\nREPOSITORY = {repository.as_uri()!r}"
    where = "import dbscan_hotspots, wattif\nprint(dbscan_hotspots.__file__, wattif.__file__, sep='\\n')"
    notebook.cells = [*(cells[name] for name in ("parameters", "settings", "install")), new_code_cell(where, id="own")]
    target = {"PIP_TARGET": str(folder.parent / "installed"), "PIP_NO_DEPS": "1", "PIP_NO_BUILD_ISOLATION": "0"}
    outputs = run_notebook(notebook, folder, **target, PYTHONPATH="")
    checkout = folder / "wattif-checkout"
    found = [str(checkout / name) for name in ("examples/dbscan_hotspots.py", "wattif/__init__.py")]
    assert text(outputs["own"]).splitlines() == found
    assert (folder.parent / "installed" / "wattif" / "__init__.py").is_file()
