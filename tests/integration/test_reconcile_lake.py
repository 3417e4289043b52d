"""Objects of a real lake, damaged in every way: each damage is found and named, and a sound lake gives no alarm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import google_crc32c
import pytest

from tests.damaged import FILE, MANIFEST, check, hour, mac, quick_and_deep, rows_of, write_rows
from tests.reconciling import make_lake, report_of


@quick_and_deep
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"anomaly_rate": 1.0, "end": "2024-01-20", "interval": 3600},
        {"meters_per_file": 1, "meters": 3},
        {"columns": "power_w,consumption_wh", "prefix": "raw/meters"},
        {"city": "manila,london", "start": "2023-12-31", "interval": 3600},
    ],
    ids=["plain", "anomalies", "a meter a file", "two columns under a prefix", "two cities and months"],
)
def test_a_clean_lake_gives_no_alarm(tmp_path: Path, changes: dict[str, Any], deep: bool) -> None:
    lake = make_lake(tmp_path, **changes)
    objects = sum(1 for path in lake.rglob("dt=*/*.json"))
    arguments = ["--lake", str(lake), "--prefix", changes.get("prefix", ""), *(["--deep"] if deep else [])]
    report = report_of(*arguments)
    assert report.differences == []
    assert report.summary["objects"] == objects > 0


def test_a_deleted_object(lake: Path) -> None:
    rows = rows_of(lake)
    (lake / FILE).unlink()
    assert check(lake).told("verdict", "place", "readings") == [("missing", FILE, 864)]
    report = check(lake, deep=True)
    assert report.told("verdict", "place", "found") == [("missing", FILE, "no such object")]
    assert report.told("mac", "hour") == sorted({(mac(row), hour(row)) for row in rows})
    assert sum(each["readings"] for each in report.differences) == 864


def test_a_truncated_object(lake: Path) -> None:
    rows = rows_of(lake)
    os.truncate(lake / FILE, (lake / FILE).stat().st_size - len(rows[0]) - 50)
    size = (lake / FILE).stat().st_size
    assert check(lake).told("verdict", "place", "column", "found") == [("altered", FILE, "bytes", str(size))]
    report = check(lake, deep=True)
    assert report.told("verdict", "place", "mac", "hour", "readings") == [
        ("altered", FILE, mac(rows[-1]), hour(rows[-1]), 1),
        ("missing", FILE, mac(rows[-1]), hour(rows[-1]), 1),
    ]


def test_one_digit_changed(lake: Path) -> None:
    rows = rows_of(lake)
    digit = rows[400].index(b'"voltage_v":') + len(b'"voltage_v":')
    before = rows[400][digit : digit + 5]
    after = (b"1" if before[:1] != b"1" else b"2") + before[1:]
    rows[400] = rows[400][:digit] + after + rows[400][digit + 5 :]
    write_rows(lake, rows)
    told = f"{google_crc32c.value((lake / FILE).read_bytes()):08x}"
    assert check(lake).told("verdict", "place", "column", "found") == [("altered", FILE, "crc32c", told)]
    assert check(lake, deep=True).differences == [
        {
            "place": FILE,
            "mac": mac(rows[400]),
            "hour": hour(rows[400]),
            "column": "voltage_v",
            "verdict": "altered",
            "readings": 1,
            "expected": before.decode(),
            "found": after.decode(),
            "cause": None,
        }
    ]


def test_a_row_doubled_a_row_deleted_and_rows_swapped(lake: Path) -> None:
    rows = rows_of(lake)
    changed = [*rows[:101], rows[100], *rows[101:500], *rows[501:700], rows[701], rows[700], *rows[702:]]
    write_rows(lake, changed)
    assert check(lake).told("verdict", "place", "column") == [("altered", FILE, "crc32c")]
    report = check(lake, deep=True)
    found = {each["verdict"]: (each["mac"], each["hour"], each["readings"]) for each in report.differences}
    assert found.pop("disordered") in [(mac(row), hour(row), 1) for row in (rows[700], rows[701])]
    assert found == {
        "doubled": (mac(rows[100]), hour(rows[100]), 1),
        "missing": (mac(rows[500]), hour(rows[500]), 1),
    }


@quick_and_deep
@pytest.mark.parametrize(
    "name",
    [
        "dt=2024-01-02/part-0.json",
        "dt=2024-01-02/deep/er.json",
        "dt=2024-01-03/readings-00000000-00000002.json",
        "dt=2023-12-31/x",
        "dt=2024-01-02-copy/x",
        "dt=2024-13-01/x",
        "dt=20240101/x",
        "dt=foo",
        "dt=zz/x",
    ],
)
def test_a_strangers_object(lake: Path, name: str, deep: bool) -> None:
    (lake / name).parent.mkdir(parents=True, exist_ok=True)
    (lake / name).write_bytes(b"{}\n")
    assert check(lake, deep=deep).told("verdict", "place", "found") == [("extra", name, "3 bytes")]


@quick_and_deep
def test_a_name_that_is_no_text(lake: Path, deep: bool) -> None:
    Path(os.fsdecode(os.fsencode(lake / "dt=2024-01-01") + b"/\xff.json")).write_bytes(b"")
    assert check(lake, deep=deep).told("verdict", "place") == [("extra", "dt=2024-01-01/\\xff.json")]


@quick_and_deep
def test_an_object_copied_under_another_name(lake: Path, deep: bool) -> None:
    copy = "dt=2024-01-02/again.json"
    shutil.copy(lake / FILE, lake / copy)
    assert check(lake, deep=deep).told("verdict", "place", "readings", "found") == [
        ("doubled", copy, 864, f"a copy of {FILE}")
    ]


@quick_and_deep
@pytest.mark.parametrize("name", [FILE, MANIFEST, "_wattif/meters.parquet"])
def test_a_pipe_in_an_object_s_place(lake: Path, name: str, deep: bool) -> None:
    """Whoever opened it would wait for ever."""
    (lake / name).unlink()
    os.mkfifo(lake / name)
    assert {place for _, place in check(lake, deep=deep).told("verdict", "place")} == {name}


@quick_and_deep
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"\x00\xff\xfe" * 5000,
        b"\n" * 5000,
        b'{"mac":"',
        b'{"mac":"\xff","timestamp":"\xff"}\n',
        b"[" * 200_000,
    ],
    ids=["empty", "a line feed", "binary", "line feeds", "cut", "not UTF-8", "nested"],
)
def test_whatever_lies_there_is_only_told(lake: Path, content: bytes, deep: bool) -> None:
    (lake / FILE).write_bytes(content)
    report = check(lake, deep=deep)
    assert {each["place"] for each in report.differences} == {FILE}
    if deep:
        assert sum(each["readings"] for each in report.differences if each["mac"]) >= 863


def test_an_object_far_too_large_is_not_read(lake: Path) -> None:
    os.truncate(lake / FILE, 1 << 33)
    report = check(lake, deep=True)
    assert report.told("verdict", "place", "column", "readings") == [("altered", FILE, "bytes", 864)]


@quick_and_deep
def test_what_a_killed_writer_left(lake: Path, deep: bool) -> None:
    left = [f"{FILE}.part", f"{MANIFEST}.4711.part"]
    for name in left:
        (lake / name).write_bytes(b"{")
    found = {(each["place"], each["verdict"]) for each in check(lake, deep=deep).differences}
    assert found == {(name, "extra") for name in left}


def test_rows_without_meter_and_time_are_named_by_their_place(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, columns="consumption_wh,status")
    rows = rows_of(lake)
    rows[41] = rows[41].replace(b'"status":  0', b'"status":  7')
    write_rows(lake, rows)
    assert check(lake, deep=True).told("verdict", "place", "mac", "column", "expected", "found") == [
        ("altered", FILE, None, "status", "row 42: 0", "row 42: 7")
    ]
