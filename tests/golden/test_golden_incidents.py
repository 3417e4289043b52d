"""Golden checksums of incidents: every row of every table, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from scripts.renew_golden_incidents import CASES, checksums

GOLDEN = orjson.loads((Path(__file__).parent / "incidents.json").read_bytes())


@pytest.mark.parametrize("case", CASES)
def test_rows_are_those_of_the_golden_file(case: str) -> None:
    assert checksums(case) == GOLDEN[case], "rows changed: say so in CHANGELOG.md, renew"
