"""Lakes that are damaged on purpose: where, how, and what a reconciliation says of them."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from tests.reconciling import Report, report_of

FILE = "dt=2024-01-02/readings-00000003-00000005.json"  # of batch 0, rows 288 a meter
OTHER = "dt=2024-01-01/readings-00000006-00000008.json"
MANIFEST = "_wattif/manifest/dt=2024-01-02/000000.ndjson"
quick_and_deep = pytest.mark.parametrize("deep", [False, True], ids=["quick", "deep"])


def check(lake: Path, *, deep: bool = False) -> Report:
    """What a reconciliation says of *lake*."""
    return report_of("--lake", str(lake), *(["--deep"] if deep else []))


def rows_of(lake: Path, name: str = FILE) -> list[bytes]:
    """The lines of an object."""
    return (lake / name).read_bytes().splitlines(keepends=True)


def write_rows(lake: Path, rows: list[bytes], name: str = FILE) -> None:
    """Put lines in an object's place."""
    (lake / name).write_bytes(b"".join(rows))


def hour(row: bytes) -> str:
    """The hour that a row belongs to."""
    return f"{orjson.loads(row)['timestamp'][:13]}:00:00Z"


def mac(row: bytes) -> str:
    """The meter of a row."""
    return str(orjson.loads(row)["mac"])
