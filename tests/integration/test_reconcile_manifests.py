"""Manifests, damaged in every way: each damage is found and named."""

from __future__ import annotations

import shutil
from pathlib import Path

import google_crc32c
import orjson
import pytest

from tests.damaged import FILE, MANIFEST, OTHER, check, hour, mac, quick_and_deep, rows_of, write_rows


@quick_and_deep
def test_a_manifest_deleted(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).unlink()
    assert check(lake, deep=deep).told("verdict", "place", "readings") == [("missing", MANIFEST, 2 * 864)]


@quick_and_deep
@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff\xfe",
        b"null\n",
        b'{"name":1}\n',
        b"\n",
        b'{"name":"x","bytes":"1","rows":1,"crc32c":"0","first_meter":0,"last_meter":0}\n',
        b'{"name":"x","bytes":1,"rows":1,"crc32c":"zz","first_meter":0,"last_meter":0}\n',
    ],
)
def test_a_manifest_damaged(lake: Path, content: bytes, deep: bool) -> None:
    (lake / MANIFEST).write_bytes(content)
    assert check(lake, deep=deep).told("verdict", "place", "found") == [("altered", MANIFEST, "not a manifest")]


@quick_and_deep
def test_a_manifest_emptied(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).write_bytes(b"")
    assert check(lake, deep=deep).told("verdict", "place", "expected") == [
        ("missing", MANIFEST, "dt=2024-01-02/readings-00000000-00000002.json"),
        ("missing", MANIFEST, FILE),
    ]


@quick_and_deep
def test_a_manifest_entry_removed(lake: Path, deep: bool) -> None:
    write_rows(lake, rows_of(lake, MANIFEST)[:1], MANIFEST)
    assert check(lake, deep=deep).told("verdict", "place", "expected", "readings") == [("missing", MANIFEST, FILE, 864)]


@quick_and_deep
def test_a_manifest_entry_of_another_file(lake: Path, deep: bool) -> None:
    rows = rows_of(lake, MANIFEST)
    write_rows(lake, [*rows, rows[0].replace(b"readings-", b"strange-"), rows[1]], MANIFEST)
    assert check(lake, deep=deep).told("verdict", "place", "found") == [
        ("doubled", MANIFEST, "4 lines"),
        ("extra", MANIFEST, "dt=2024-01-02/strange-00000000-00000002.json"),
    ]


@quick_and_deep
@pytest.mark.parametrize(
    ("field", "column"),
    [("bytes", "bytes"), ("rows", "rows"), ("first_meter", "meters"), ("last_meter", "meters")],
)
def test_a_number_in_a_manifest_changed(lake: Path, field: str, column: str, deep: bool) -> None:
    first, second = rows_of(lake, MANIFEST)
    entry = orjson.loads(second)
    entry[field] += 1
    write_rows(lake, [first, orjson.dumps(entry) + b"\n"], MANIFEST)
    assert check(lake, deep=deep).told("verdict", "place", "column") == [("altered", MANIFEST, column)]


def test_a_checksum_in_a_manifest_changed(lake: Path) -> None:
    """Only who reads the rows can tell that the object is right and its manifest is wrong."""
    first, second = rows_of(lake, MANIFEST)
    write_rows(lake, [first, second.replace(orjson.loads(second)["crc32c"].encode(), b"12345678")], MANIFEST)
    assert check(lake).told("verdict", "place", "column", "expected") == [("altered", FILE, "crc32c", "12345678")]
    assert check(lake, deep=True).told("verdict", "place", "column", "found") == [
        ("altered", MANIFEST, "crc32c", "12345678")
    ]


@quick_and_deep
@pytest.mark.parametrize("name", ["dt=2024-01-01/000002.ndjson", "dt=2024-01-03/000000.ndjson", "dt=2024-01-01/x"])
def test_a_manifest_too_many(lake: Path, name: str, deep: bool) -> None:
    target = lake / "_wattif/manifest" / name
    target.parent.mkdir(exist_ok=True)
    shutil.copy(lake / MANIFEST, target)
    assert check(lake, deep=deep).told("verdict", "place") == [("extra", f"_wattif/manifest/{name}")]


def test_a_file_and_its_manifest_changed_together(lake: Path) -> None:
    """Nothing but the bytes themselves can tell."""
    rows = rows_of(lake, OTHER)
    rows[5] = rows[5].replace(b'"status":  0', b'"status":  2')
    write_rows(lake, rows, OTHER)
    manifest = "_wattif/manifest/dt=2024-01-01/000001.ndjson"
    lines = [orjson.loads(row) for row in rows_of(lake, manifest)]
    [entry] = [line for line in lines if line["name"] == OTHER]
    entry["crc32c"] = f"{google_crc32c.value((lake / OTHER).read_bytes()):08x}"
    write_rows(lake, [orjson.dumps(line) + b"\n" for line in lines], manifest)
    assert check(lake).differences == []
    assert check(lake, deep=True).told("verdict", "place", "mac", "hour", "column", "expected", "found") == [
        ("altered", OTHER, mac(rows[5]), hour(rows[5]), "status", "0", "2")
    ]


def test_a_file_and_its_manifest_shortened_together(lake: Path) -> None:
    """The plan knows how large a file is that holds every row."""
    rows = rows_of(lake)
    write_rows(lake, rows[:-1])
    first, second = rows_of(lake, MANIFEST)
    entry = orjson.loads(second)
    entry.update(bytes=(lake / FILE).stat().st_size, crc32c=f"{google_crc32c.value(b''.join(rows[:-1])):08x}")
    write_rows(lake, [first, orjson.dumps(entry) + b"\n"], MANIFEST)
    assert check(lake).told("verdict", "place", "column") == [
        ("altered", MANIFEST, "bytes"),
        ("altered", FILE, "bytes"),
    ]
    assert check(lake, deep=True).told("verdict", "mac", "hour") == [("missing", mac(rows[-1]), hour(rows[-1]))]


@quick_and_deep
def test_a_folder_in_place_of_a_manifest(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).unlink()
    (lake / MANIFEST).mkdir()
    (lake / "_wattif/meters.parquet").unlink()
    (lake / "_wattif/meters.parquet").mkdir()
    found = {(each["place"], each["verdict"]) for each in check(lake, deep=deep).differences}
    assert found == {(MANIFEST, "missing"), ("_wattif/meters.parquet", "missing")}
