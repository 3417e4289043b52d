"""Arrays of Arrow out of numpy's: what pyarrow makes of the same values, without pandas."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from tests.processes import environment
from wattif.model.fleet import mac_text
from wattif.tables.arrow import numbers, texts_in_runs

NUMBERS: list[NDArray[Any]] = [
    np.array([1, -(2**63), 2**63 - 1]),
    np.arange(12, dtype=np.int32)[::3],
    np.array([0.5, np.nan, -np.inf]),
    np.array([True, False, True, True, False, False, False, True, True]),
    np.array(["2024-01-31T23:59:50", "1969-12-31T00:00:00"], "datetime64[s]"),
    np.array(["2024-02-29", "1950-01-01"], "datetime64[D]"),
    np.array([], np.float64),
]
TEXTS = [
    ["a"],
    ["Zürich", "Zürich", "München", "", "", "Zürich"],
    [f"GZ-{number:04}" for number in range(1000)],
    [],
]


@pytest.mark.parametrize("values", NUMBERS, ids=lambda values: str(values.dtype))
def test_numbers_are_what_pyarrow_makes_of_them(values: NDArray[Any]) -> None:
    made = numbers(values)
    made.validate(full=True)
    assert made.type == pa.array(values).type
    assert repr(made.to_pylist()) == repr(pa.array(values).to_pylist())  # nan differs from itself


@pytest.mark.parametrize("kind", ["U", object])
@pytest.mark.parametrize("texts", TEXTS, ids=len)
def test_texts_are_what_pyarrow_makes_of_them(texts: list[str], kind: Any) -> None:
    made = texts_in_runs(np.array(texts, kind))
    made.validate(full=True)
    assert made.equals(pa.array(texts, pa.string()))


def test_addresses_are_texts() -> None:
    macs = np.repeat(np.array([0x02_00_00_00_00_01, 0xFE_DC_BA_98_76_54], np.uint64), [3, 1])
    assert texts_in_runs(macs).to_pylist() == [each.decode() for each in mac_text(macs)]


@pytest.mark.skipif(importlib.util.find_spec("pandas") is None, reason="pandas is not installed")
def test_a_run_takes_no_memory_for_pandas(tmp_path: Path) -> None:
    program = "import sys; from wattif.cli import main; code = main(sys.argv[1:]); print(code, 'pandas' in sys.modules)"
    day = ["--start", "2024-01-01", "--end", "2024-01-01", "--meters", "2", "--interval", "3600"]
    places = ["--lake", str(tmp_path / "lake"), "--staging-dir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-c", program, "generate", *day, *places, "-q"],
        capture_output=True,
        text=True,
        check=True,
        env=environment(tmp_path, PYTHONPATH=str(Path.cwd())),
    )
    assert done.stdout.splitlines()[-1] == "0 False", done.stderr
