"""`reconcile` of a lake in Parquet: the verdicts are those of the same damage to the same lake in NDJSON."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import wattif
from tests.asking import Asked, Asking, generate
from tests.reconciling import report_of

Rows = list[dict[str, Any]]
_POWER = re.compile(rb'("power_w":)( *-?[0-9]+)')
FAULTS = "duplicate=0.02,late=0.02:1h,drop=0.02,out_of_order=0.02,file_missing=0.2,batch_twice=0.3"


def _differences(asked: Asked) -> list[dict[str, Any]]:
    return report_of("--lake", str(asked.lake), "--deep").differences


def _first(asked: Asked) -> Path:
    return sorted(asked.lake.glob("dt=*/readings-*"))[0]


def _rewrite_parquet(file: Path, change: Callable[[Rows], Rows]) -> None:
    table = pq.read_table(file)
    pq.write_table(pa.Table.from_pylist(change(table.to_pylist()), schema=table.schema), file)


def _rewrite_ndjson(file: Path, change: Callable[[Rows], Rows]) -> None:
    """Lines keep their bytes, but for the power."""
    lines = file.read_bytes().splitlines(keepends=True)
    changed = change([{"line": line, "power_w": orjson.loads(line)["power_w"]} for line in lines])
    file.write_bytes(b"".join(_POWER.sub(partial(_padded, row), row["line"]) for row in changed))


def _padded(row: dict[str, Any], match: re.Match[bytes]) -> bytes:
    return match[1] + str(row["power_w"]).rjust(len(match[2])).encode()


def _altered(rows: Rows) -> Rows:
    return [{**row, "power_w": row["power_w"] + 1} if number in (3, 4, 300) else row for number, row in enumerate(rows)]


DAMAGES: dict[str, Callable[[Rows], Rows]] = {
    "altered": _altered,
    "missing": lambda rows: rows[:7] + rows[9:],
    "doubled": lambda rows: [*rows[:20], rows[19], *rows[20:]],
    "disordered": lambda rows: [*rows[:20], rows[21], rows[20], *rows[22:]],
}


@pytest.mark.parametrize("faults", ["none", FAULTS, f"{FAULTS},schema_drift=2024-01-01"])
def test_an_undisturbed_lake_has_no_difference(settings: Asking, faults: str) -> None:
    asked = settings(format="parquet", faults=faults, meters=30, compression="zstd")
    generate(asked)
    for deep in (False, True):
        assert wattif.reconcile(asked.lake, deep=deep).ok


@pytest.mark.parametrize("kind", DAMAGES)
def test_verdicts_are_those_of_the_same_damage_to_ndjson(settings: Asking, tmp_path: Path, kind: str) -> None:
    ours = settings(lake=tmp_path / "parquet", format="parquet")
    theirs = settings(lake=tmp_path / "ndjson")
    generate(ours)
    generate(theirs)
    _rewrite_parquet(_first(ours), DAMAGES[kind])
    _rewrite_ndjson(_first(theirs), DAMAGES[kind])
    names = ("mac", "hour", "column", "verdict", "readings")
    told, other = (
        [tuple(each[name] for name in names) for each in _differences(asked) if each["mac"] is not None]
        for asked in (ours, theirs)
    )
    assert told == other
    assert {verdict for *_, verdict, _ in told} == {kind}


def test_other_bytes_and_damaged_ones_are_told(settings: Asking) -> None:
    asked = settings(format="parquet")
    generate(asked)
    same, cut, strange, *_ = sorted(asked.lake.glob("dt=*/readings-*"))
    _rewrite_parquet(same, lambda rows: rows)
    cut.write_bytes(cut.read_bytes()[:-100])
    content = strange.read_bytes()
    strange.write_bytes(content[:2000] + bytes(byte ^ 255 for byte in content[2000:2004]) + content[2004:])
    found = {each["place"]: (each["verdict"], each["found"]) for each in _differences(asked)}
    assert found[same.relative_to(asked.lake).as_posix()][1].startswith("the same rows in ")
    for file in (cut, strange):
        verdict, words = found[file.relative_to(asked.lake).as_posix()]
        assert verdict == "altered"
        assert words.startswith("no Parquet file: ")


def test_a_missing_object_is_told_by_meter_and_hour(settings: Asking) -> None:
    asked = settings(format="parquet")
    generate(asked)
    _first(asked).unlink()
    assert {each["verdict"] for each in _differences(asked)} == {"missing"}
    assert len(_differences(asked)) == 3 * 24
