"""`--faults` from end to end, as a person types it."""

from __future__ import annotations

from pathlib import Path

from tests.commands import run_wattif
from tests.undo_faults import read_labels, read_objects, undo

SMALL = [
    "--start",
    "2024-01-01",
    "--end",
    "2024-01-02",
    "--meters",
    "12",
    "--meters-per-file",
    "2",
    "--interval",
    "60",
    "--staging-dir",
    "staging",
]
FAULTS = "duplicate=0.002,late=0.002:1h,drop=0.002,out_of_order=0.002,corrupt=0.002,schema_drift=2024-01-02:renamed"


def _run(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_wattif(folder, "generate", *SMALL, *arguments)
    return done.returncode, done.stdout, done.stderr


def test_the_same_city_clean_and_with_faults(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    assert _run(tmp_path, "--lake", "clean")[0] == 0
    code, out, _ = _run(tmp_path, "--lake", "faulty", "--faults", FAULTS)
    assert code == 0
    delivered = read_objects(tmp_path / "faulty")
    lines = sum(len(content.splitlines()) for content in delivered.values())
    assert out.startswith(f"{lines:,} readings in {len(delivered)} files, ")
    labels = read_labels(tmp_path / "faulty")
    assert {label["kind"] for label in labels} == {part.split("=")[0] for part in FAULTS.split(",")}
    assert undo(delivered, labels) == read_objects(tmp_path / "clean")


def test_another_command_without_them_is_refused(tmp_path: Path) -> None:
    (tmp_path / "staging").mkdir()
    assert _run(tmp_path, "--faults", "drop=0.5")[0] == 0
    code, _, error = _run(tmp_path)
    assert code == 3
    assert "faults is 'drop=0.5' there and 'none' here" in error


def test_a_dry_run_says_about(tmp_path: Path) -> None:
    """Half of 12 meters' 2 days of 1,440 readings is dropped, and every batch comes twice."""
    (tmp_path / "staging").mkdir()
    code, out, _ = _run(tmp_path, "--dry-run", "--faults", "drop=0.5,batch_twice=1", "--lake", "lake")
    assert code == 0
    lines = dict(line.split(":", 1) for line in out.splitlines())
    assert lines["readings"].split("(")[0].strip() == "about 34,560"
    assert lines["bytes"].strip().startswith("about ")
    assert "labels of the faults" in lines["objects"]
    assert not (tmp_path / "lake").exists()
    clean = dict(line.split(":", 1) for line in _run(tmp_path, "--dry-run")[1].splitlines())
    assert clean["readings"].split("(")[0].strip() == "34,560"


def test_a_fault_that_there_is_not(tmp_path: Path) -> None:
    code, _, error = _run(tmp_path, "--faults", "lost=0.1")
    assert code == 2
    assert error.startswith("wattif generate: error: --faults lost=0.1: unknown fault; choose from duplicate")
    assert len(error.splitlines()) == 1
