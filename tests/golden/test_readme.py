"""The reading that the README shows is the first one of the run that it describes."""

from __future__ import annotations

from pathlib import Path

from tests.asking import Asked
from tests.lakes import file_bytes


def test_the_row_of_the_readme_is_real() -> None:
    asked = Asked.model_validate({"start": "2024-01-01", "end": "2024-01-01", "meters": 1, "meters_per_file": 1})
    first = next(iter(file_bytes(asked).values())).splitlines()[0].decode()
    readme = Path(__file__).resolve().parent.parent.parent / "README.md"
    assert first in readme.read_text(encoding="utf-8").splitlines()
