"""``python -m wattif show …`` as a person types it: a picture on the disk, or one line that says what is wrong."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests import processes
from tests.commands import run_wattif

ROOT = Path(__file__).resolve().parent.parent.parent
START = ["--start", "2024-01-01", "--days", "2"]


def _show(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = run_wattif(folder, "show", *arguments)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    "what",
    [
        ["--meter", "12"],
        ["--meter", "3", "--city", "london", "--solar-share", "1", "--ev-share", "1", "--interval", "60"],
        ["--meter", "0", "--interval", "3600", "--days", "40", "--first-day", "2024-02-20"],
        ["--class", "commercial"],
        ["--fleet", "--city", "manila,london", "--solar-share", "0.5"],
    ],
)
def test_a_picture_is_written(tmp_path: Path, what: list[str]) -> None:
    code, out, error = _show(tmp_path, *START, *what, "--out", "week.png")
    assert (code, out) == (0, "week.png\n"), error
    picture = (tmp_path / "week.png").read_bytes()
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", picture[16:24]) == (1540, 1100)
    assert len(picture) > 40_000  # an empty one is smaller by far


@pytest.mark.parametrize(("name", "begins"), [("a.svg", b"<?xml"), ("a.pdf", b"%PDF"), ("A.PNG", b"\x89PNG")])
def test_the_ending_says_how_the_picture_is_written(tmp_path: Path, name: str, begins: bytes) -> None:
    assert _show(tmp_path, *START, "--meter", "1", "--interval", "900", "--out", name)[0] == 0
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_the_same_picture_is_the_same_file(tmp_path: Path) -> None:
    """Made by two processes."""
    what = [*START, "--meter", "1", "--interval", "900", "--out"]
    assert _show(tmp_path, *what, "a.png")[0] == 0
    command = [sys.executable, "-m", "wattif", "show", *what, "b.png"]
    subprocess.run(command, cwd=tmp_path, env=processes.environment(tmp_path, PYTHONPATH=str(ROOT)), check=True)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


OUT = ["--out", "week.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([*START, *OUT, "--meter", "100"], "--meter 100: the fleet has 100 meters, numbered 0 to 99; name one of them"),
        ([*START, *OUT, "--meter", "-1"], "--meter -1: must be greater than or equal to 0"),
        ([*START, *OUT], "give exactly one of --meter, --class, and --fleet"),
        ([*START, *OUT, "--meter", "1", "--fleet"], "give exactly one of"),
        ([*START, *OUT, "--class", "residential", "--fleet"], "give exactly one of"),
        ([*START, *OUT, "--class", "schools"], "--class schools: must be 'residential', 'commercial' or 'industrial'"),
        ([*OUT, "--start", "2024-01-01", "--fleet", "--days", "0"], "--days 0: must be greater than or equal to 1"),
        ([*OUT, "--fleet"], "--start is missing"),
        ([*START, "--fleet"], "--out is missing"),
        ([*START, "--fleet", "--out", "gone/week.png"], "--out gone/week.png: no such folder: gone; create it"),
        ([*START, "--fleet", "--out", "week.txt"], "--out week.txt: is not a picture file; choose an ending from"),
        ([*START, "--fleet", "--out", "week"], "--out week: is not a picture file; choose an ending from png"),
        ([*START, *OUT, "--class", "industrial", "--meters", "1"], "--class industrial: none of the 1 meters belongs"),
        ([*START, *OUT, "--fleet", "--first-day", "2023-12-31"], "--first-day 2023-12-31: is before --start"),
        ([*START, *OUT, "--fleet", "--city", "atlantis"], "--city atlantis: unknown city; choose from"),
        ([*START, *OUT, "--fleet", "--class-mix", "homes=1"], "--class-mix homes=1: must be shares of"),
        (
            [*OUT, "--start", "2024-01-01", "--days", "366", "--interval", "1", "--meter", "1"],
            "are too many for a pict",
        ),
    ],
)
def test_wrong_inputs_are_one_line_with_the_way_out(tmp_path: Path, arguments: list[str], message: str) -> None:
    code, out, error = _show(tmp_path, *arguments)
    lines = [line for line in error.splitlines() if not line.startswith("compiling ")]
    assert (code, out, len(lines)) == (2, "", 1), error
    assert lines[0].startswith("wattif show: error: ")
    assert message in lines[0]
    assert not (tmp_path / "week.png").exists()


def test_wrong_inputs_are_told_before_anything_slow_is_imported() -> None:
    code = (
        "import sys\nfrom wattif.cli import main\ncode = main(['show', '--start', 'x'])\n"
        "print(code, sorted({'numba', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "2 []\n"


def test_a_file_of_generate_serves_show_too(tmp_path: Path) -> None:
    (tmp_path / "wattif.toml").write_text(
        'start = 2024-01-01\nend = 2024-01-31\nmeters = 5\ninterval = 900\nlake = "elsewhere"\n'
    )
    code, _, error = _show(tmp_path, "--config", "wattif.toml", "--meter", "4", "--days", "1", *OUT)
    assert code == 0, error
    code, _, error = _show(tmp_path, "--config", "wattif.toml", "--meter", "5", "--days", "1", *OUT)
    assert (code, "the fleet has 5 meters" in error) == (2, True)


def test_every_ending_is_one_that_matplotlib_writes() -> None:
    from matplotlib.backend_bases import FigureCanvasBase

    from wattif.cli.show import ENDINGS

    assert set(ENDINGS) <= set(FigureCanvasBase.get_supported_filetypes())
