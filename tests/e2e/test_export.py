"""`wattif export` as a person types it."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.commands import run_wattif

SMALL = ["--start", "2024-01-01", "--end", "2024-01-03", "--meters", "3", "--interval", "1800", "--city", "sydney"]


def _run(folder: Path, *arguments: str) -> CompletedProcess[str]:
    return run_wattif(folder, *arguments)


@pytest.mark.timeout(300)  # a first run compiles
def test_a_lake_is_exported_as_its_options_are(tmp_path: Path) -> None:
    made = _run(tmp_path, "generate", *SMALL, "--staging-dir", str(tmp_path), "--quiet")
    assert made.returncode == 0, made.stderr
    of_lake = _run(tmp_path, "export", "--standard", "nem12", "--lake", "lake")
    assert of_lake.returncode == 0, of_lake.stderr
    assert of_lake.stdout.startswith("288 readings from 2024-01-02 to 2024-01-03, 1 files, ")
    of_options = _run(tmp_path, "export", "--standard", "nem12", *SMALL, "--out", "again", "--quiet")
    assert (of_options.returncode, of_options.stdout, of_options.stderr) == (0, "", "")
    (first,), (second,) = (list((tmp_path / folder).iterdir()) for folder in ("exchange", "again"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--standard", "nem21"], "--standard nem21: unknown standard"),
        (["--standard", "nem12", "--interval", "60"], "--interval 60: NEM12 has readings every 300, 900, 1800 seconds"),
        (["--standard", "nem12", "--out", "mine"], "--out mine: is not empty"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept").touch()
    refused = _run(tmp_path, "export", *SMALL, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
