"""Golden files: the bytes of whole files, the same on every machine. scripts/renew_golden.py writes them anew."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from scripts.renew_golden import CASES, checksums
from wattif.lake.identity import VERSION

GOLDEN = orjson.loads((Path(__file__).parent / "checksums.json").read_bytes())


def test_the_golden_files_are_of_this_version() -> None:
    assert GOLDEN["version"] == VERSION
    assert set(GOLDEN["files"]) == set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_bytes_are_those_of_the_golden_files(case: str) -> None:
    assert checksums(case) == GOLDEN["files"][case], "bytes changed: raise VERSION, say so in CHANGELOG.md, renew"
