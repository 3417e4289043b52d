"""Golden files of lakes with faults: what arrives, its labels and its manifests. See scripts/renew_golden_faults.py."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from scripts.renew_golden_faults import CASES, checksums
from wattif.tables.fault_kinds import FaultKind

GOLDEN = orjson.loads((Path(__file__).parent / "faults.json").read_bytes())


def test_every_kind_of_fault_is_there() -> None:
    assert set(GOLDEN) == set(CASES)
    kinds = {name.split("/")[3] for names in GOLDEN.values() for name in names if "/labels/" in name}
    assert kinds == set(FaultKind)


@pytest.mark.parametrize("case", CASES)
def test_bytes_labels_and_manifests_are_those_of_the_golden_files(case: str) -> None:
    assert checksums(case) == GOLDEN[case], "bytes changed: raise VERSION, say so in CHANGELOG.md, renew"
