"""A real lake, damaged in every way: each damage is found and named, and a lake that is not damaged gives no alarm."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import duckdb
import google_crc32c
import orjson
import pyarrow.parquet as pq
import pytest

from tests.reconciling import Report, make_lake, report_of
from wattif.errors import LakeError, UsageError

FILE = "dt=2024-01-02/readings-00000003-00000005.json"  # of batch 0, rows 288 a meter
OTHER = "dt=2024-01-01/readings-00000006-00000008.json"
MANIFEST = "_wattif/manifest/dt=2024-01-02/000000.ndjson"
quick_and_deep = pytest.mark.parametrize("deep", [False, True], ids=["quick", "deep"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def lake(whole: Path, tmp_path: Path) -> Path:
    """A copy to be damaged."""
    return shutil.copytree(whole, tmp_path / "lake")


def _check(lake: Path, *, deep: bool = False) -> Report:
    return report_of("--lake", str(lake), *(["--deep"] if deep else []))


def _rows(lake: Path, name: str = FILE) -> list[bytes]:
    return (lake / name).read_bytes().splitlines(keepends=True)


def _write(lake: Path, rows: list[bytes], name: str = FILE) -> None:
    (lake / name).write_bytes(b"".join(rows))


def _hour(row: bytes) -> str:
    return f"{orjson.loads(row)['timestamp'][:13]}:00:00Z"


def _mac(row: bytes) -> str:
    return str(orjson.loads(row)["mac"])


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


@quick_and_deep
def test_a_day_of_a_longer_dataset_can_be_looked_at_alone(whole: Path, deep: bool) -> None:
    arguments = ["--lake", str(whole), "--start", "2024-01-02", *(["--deep"] if deep else [])]
    report = report_of(*arguments)
    assert (report.differences, report.summary["objects"]) == ([], 4)


def test_a_deleted_object(lake: Path) -> None:
    rows = _rows(lake)
    (lake / FILE).unlink()
    assert _check(lake).told("verdict", "place", "readings") == [("missing", FILE, 864)]
    report = _check(lake, deep=True)
    assert report.told("verdict", "place", "found") == [("missing", FILE, "no such object")]
    assert report.told("mac", "hour") == sorted({(_mac(row), _hour(row)) for row in rows})
    assert sum(each["readings"] for each in report.differences) == 864


def test_a_truncated_object(lake: Path) -> None:
    rows = _rows(lake)
    os.truncate(lake / FILE, (lake / FILE).stat().st_size - len(rows[0]) - 50)
    size = (lake / FILE).stat().st_size
    assert _check(lake).told("verdict", "place", "column", "found") == [("altered", FILE, "bytes", str(size))]
    report = _check(lake, deep=True)
    assert report.told("verdict", "place", "mac", "hour", "readings") == [
        ("altered", FILE, _mac(rows[-1]), _hour(rows[-1]), 1),
        ("missing", FILE, _mac(rows[-1]), _hour(rows[-1]), 1),
    ]


def test_one_digit_changed(lake: Path) -> None:
    rows = _rows(lake)
    digit = rows[400].index(b'"voltage_v":') + len(b'"voltage_v":')
    before = rows[400][digit : digit + 5]
    after = (b"1" if before[:1] != b"1" else b"2") + before[1:]
    rows[400] = rows[400][:digit] + after + rows[400][digit + 5 :]
    _write(lake, rows)
    told = f"{google_crc32c.value((lake / FILE).read_bytes()):08x}"
    assert _check(lake).told("verdict", "place", "column", "found") == [("altered", FILE, "crc32c", told)]
    assert _check(lake, deep=True).differences == [
        {
            "place": FILE,
            "mac": _mac(rows[400]),
            "hour": _hour(rows[400]),
            "column": "voltage_v",
            "verdict": "altered",
            "readings": 1,
            "expected": before.decode(),
            "found": after.decode(),
            "cause": None,
        }
    ]


def test_a_row_doubled_a_row_deleted_and_rows_swapped(lake: Path) -> None:
    rows = _rows(lake)
    changed = [*rows[:101], rows[100], *rows[101:500], *rows[501:700], rows[701], rows[700], *rows[702:]]
    _write(lake, changed)
    assert _check(lake).told("verdict", "place", "column") == [("altered", FILE, "crc32c")]
    report = _check(lake, deep=True)
    found = {each["verdict"]: (each["mac"], each["hour"], each["readings"]) for each in report.differences}
    assert found.pop("disordered") in [(_mac(row), _hour(row), 1) for row in (rows[700], rows[701])]
    assert found == {
        "doubled": (_mac(rows[100]), _hour(rows[100]), 1),
        "missing": (_mac(rows[500]), _hour(rows[500]), 1),
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
    assert _check(lake, deep=deep).told("verdict", "place", "found") == [("extra", name, "3 bytes")]


@quick_and_deep
def test_a_name_that_is_no_text(lake: Path, deep: bool) -> None:
    Path(os.fsdecode(os.fsencode(lake / "dt=2024-01-01") + b"/\xff.json")).write_bytes(b"")
    assert _check(lake, deep=deep).told("verdict", "place") == [("extra", "dt=2024-01-01/\\xff.json")]


@quick_and_deep
def test_an_object_copied_under_another_name(lake: Path, deep: bool) -> None:
    copy = "dt=2024-01-02/again.json"
    shutil.copy(lake / FILE, lake / copy)
    assert _check(lake, deep=deep).told("verdict", "place", "readings", "found") == [
        ("doubled", copy, 864, f"a copy of {FILE}")
    ]


@quick_and_deep
def test_a_manifest_deleted(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).unlink()
    assert _check(lake, deep=deep).told("verdict", "place", "readings") == [("missing", MANIFEST, 2 * 864)]


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
    assert _check(lake, deep=deep).told("verdict", "place", "found") == [("altered", MANIFEST, "not a manifest")]


@quick_and_deep
def test_a_manifest_emptied(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).write_bytes(b"")
    assert _check(lake, deep=deep).told("verdict", "place", "expected") == [
        ("missing", MANIFEST, "dt=2024-01-02/readings-00000000-00000002.json"),
        ("missing", MANIFEST, FILE),
    ]


@quick_and_deep
def test_a_manifest_entry_removed(lake: Path, deep: bool) -> None:
    _write(lake, _rows(lake, MANIFEST)[:1], MANIFEST)
    assert _check(lake, deep=deep).told("verdict", "place", "expected", "readings") == [
        ("missing", MANIFEST, FILE, 864)
    ]


@quick_and_deep
def test_a_manifest_entry_of_another_file(lake: Path, deep: bool) -> None:
    rows = _rows(lake, MANIFEST)
    _write(lake, [*rows, rows[0].replace(b"readings-", b"strange-"), rows[1]], MANIFEST)
    assert _check(lake, deep=deep).told("verdict", "place", "found") == [
        ("doubled", MANIFEST, "4 lines"),
        ("extra", MANIFEST, "dt=2024-01-02/strange-00000000-00000002.json"),
    ]


@quick_and_deep
@pytest.mark.parametrize(
    ("field", "column"),
    [("bytes", "bytes"), ("rows", "rows"), ("first_meter", "meters"), ("last_meter", "meters")],
)
def test_a_number_in_a_manifest_changed(lake: Path, field: str, column: str, deep: bool) -> None:
    first, second = _rows(lake, MANIFEST)
    entry = orjson.loads(second)
    entry[field] += 1
    _write(lake, [first, orjson.dumps(entry) + b"\n"], MANIFEST)
    assert _check(lake, deep=deep).told("verdict", "place", "column") == [("altered", MANIFEST, column)]


def test_a_checksum_in_a_manifest_changed(lake: Path) -> None:
    """Only who reads the rows can tell that the object is right and its manifest is wrong."""
    first, second = _rows(lake, MANIFEST)
    _write(lake, [first, second.replace(orjson.loads(second)["crc32c"].encode(), b"12345678")], MANIFEST)
    assert _check(lake).told("verdict", "place", "column", "expected") == [("altered", FILE, "crc32c", "12345678")]
    assert _check(lake, deep=True).told("verdict", "place", "column", "found") == [
        ("altered", MANIFEST, "crc32c", "12345678")
    ]


@quick_and_deep
@pytest.mark.parametrize("name", [FILE, MANIFEST, "_wattif/meters.parquet"])
def test_a_pipe_in_an_object_s_place(lake: Path, name: str, deep: bool) -> None:
    """Whoever opened it would wait for ever."""
    (lake / name).unlink()
    os.mkfifo(lake / name)
    assert {place for _, place in _check(lake, deep=deep).told("verdict", "place")} == {name}


@quick_and_deep
def test_a_day_deleted(lake: Path, deep: bool) -> None:
    names = sorted(path.relative_to(lake).as_posix() for path in (lake / "dt=2024-01-01").iterdir())
    shutil.rmtree(lake / "dt=2024-01-01")
    report = _check(lake, deep=deep)
    assert report.told("verdict", "place") == [("missing", name) for name in names]
    assert sum(each["readings"] for each in report.differences) == 2880
    assert len(report.told("mac", "hour")) == (240 if deep else 1)


@quick_and_deep
def test_a_day_deleted_with_its_manifests(lake: Path, deep: bool) -> None:
    for folder in (lake / "dt=2024-01-02", (lake / MANIFEST).parent):
        shutil.rmtree(folder)
    told = _check(lake, deep=deep).told("verdict", "place")
    assert len(told) == 4 + 2
    assert {verdict for verdict, _ in told} == {"missing"}


def test_a_day_copied_over_another(lake: Path) -> None:
    shutil.copytree(lake / "dt=2024-01-01", lake / "dt=2024-01-02", dirs_exist_ok=True)
    assert _check(lake).told("verdict", "column") == [("altered", "crc32c")]
    report = _check(lake, deep=True)
    days = {(each["verdict"], each["hour"][:10]) for each in report.differences}
    assert days == {("missing", "2024-01-02"), ("extra", "2024-01-01")}
    assert report.summary["verdicts"]["missing"]["readings"] == report.summary["verdicts"]["extra"]["readings"] == 2880
    assert report.summary["verdicts"]["extra"]["meters"] == 10


@quick_and_deep
def test_a_day_copied_beside_the_dataset(lake: Path, deep: bool) -> None:
    shutil.copytree(lake / "dt=2024-01-01", lake / "dt=2024-01-03")
    told = _check(lake, deep=deep).told("verdict", "place")
    assert told == [("extra", f"dt=2024-01-03/{path.name}") for path in sorted((lake / "dt=2024-01-01").iterdir())]


@quick_and_deep
@pytest.mark.parametrize("name", ["dt=2024-01-01/000002.ndjson", "dt=2024-01-03/000000.ndjson", "dt=2024-01-01/x"])
def test_a_manifest_too_many(lake: Path, name: str, deep: bool) -> None:
    target = lake / "_wattif/manifest" / name
    target.parent.mkdir(exist_ok=True)
    shutil.copy(lake / MANIFEST, target)
    assert _check(lake, deep=deep).told("verdict", "place") == [("extra", f"_wattif/manifest/{name}")]


def test_a_file_and_its_manifest_changed_together(lake: Path) -> None:
    """Nothing but the bytes themselves can tell."""
    rows = _rows(lake, OTHER)
    rows[5] = rows[5].replace(b'"status":  0', b'"status":  2')
    _write(lake, rows, OTHER)
    manifest = "_wattif/manifest/dt=2024-01-01/000001.ndjson"
    lines = [orjson.loads(row) for row in _rows(lake, manifest)]
    [entry] = [line for line in lines if line["name"] == OTHER]
    entry["crc32c"] = f"{google_crc32c.value((lake / OTHER).read_bytes()):08x}"
    _write(lake, [orjson.dumps(line) + b"\n" for line in lines], manifest)
    assert _check(lake).differences == []
    assert _check(lake, deep=True).told("verdict", "place", "mac", "hour", "column", "expected", "found") == [
        ("altered", OTHER, _mac(rows[5]), _hour(rows[5]), "status", "0", "2")
    ]


def test_a_file_and_its_manifest_shortened_together(lake: Path) -> None:
    """The plan knows how large a file is that holds every row."""
    rows = _rows(lake)
    _write(lake, rows[:-1])
    first, second = _rows(lake, MANIFEST)
    entry = orjson.loads(second)
    entry.update(bytes=(lake / FILE).stat().st_size, crc32c=f"{google_crc32c.value(b''.join(rows[:-1])):08x}")
    _write(lake, [first, orjson.dumps(entry) + b"\n"], MANIFEST)
    assert _check(lake).told("verdict", "place", "column") == [
        ("altered", MANIFEST, "bytes"),
        ("altered", FILE, "bytes"),
    ]
    assert _check(lake, deep=True).told("verdict", "mac", "hour") == [("missing", _mac(rows[-1]), _hour(rows[-1]))]


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
    report = _check(lake, deep=deep)
    assert {each["place"] for each in report.differences} == {FILE}
    if deep:
        assert sum(each["readings"] for each in report.differences if each["mac"]) >= 863


def test_an_object_far_too_large_is_not_read(lake: Path) -> None:
    os.truncate(lake / FILE, 1 << 33)
    report = _check(lake, deep=True)
    assert report.told("verdict", "place", "column", "readings") == [("altered", FILE, "bytes", 864)]


@quick_and_deep
@pytest.mark.parametrize("name", ["_wattif/meters.parquet", "_wattif/weather/manila-2024-01.parquet"])
def test_a_table_beside_the_readings_deleted(lake: Path, name: str, deep: bool) -> None:
    (lake / name).unlink()
    assert _check(lake, deep=deep).told("verdict", "place") == [("missing", name)]


@quick_and_deep
@pytest.mark.parametrize("name", ["_wattif/meters.parquet", "_wattif/weather/manila-2024-01.parquet"])
@pytest.mark.parametrize(
    ("damage", "verdict"),
    [
        ("SELECT * FROM t LIMIT 5", "missing"),
        ("FROM t UNION ALL (FROM t LIMIT 1)", "doubled"),
        ("SELECT * REPLACE ('x' AS city_id) FROM t", None),
        ("SELECT * EXCLUDE (city_id) FROM t", "altered"),
        ("SELECT * FROM t ORDER BY ALL DESC", "disordered"),
    ],
)
def test_a_small_table_changed(lake: Path, name: str, damage: str, verdict: str | None, deep: bool) -> None:
    path = lake / name
    content = path.read_bytes()
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; CREATE TABLE t AS FROM '{path}'")
        changed = connection.sql(damage).to_arrow_table()
    schema = pq.read_schema(path)
    pq.write_table(changed.cast(schema) if "EXCLUDE" not in damage else changed, path)
    report = _check(lake, deep=deep)
    assert {difference["place"] for difference in report.differences} == {name}
    assert verdict in {None, *(difference["verdict"] for difference in report.differences)}
    path.write_bytes(content[: len(content) // 2])
    (cut,) = _check(lake, deep=deep).differences
    assert (cut["place"], cut["column"], cut["verdict"]) == (name, "bytes", "altered")


@quick_and_deep
def test_a_folder_in_place_of_a_manifest(lake: Path, deep: bool) -> None:
    (lake / MANIFEST).unlink()
    (lake / MANIFEST).mkdir()
    (lake / "_wattif/meters.parquet").unlink()
    (lake / "_wattif/meters.parquet").mkdir()
    found = {(each["place"], each["verdict"]) for each in _check(lake, deep=deep).differences}
    assert found == {(MANIFEST, "missing"), ("_wattif/meters.parquet", "missing")}


@quick_and_deep
def test_a_day_that_is_a_link_to_another(lake: Path, deep: bool) -> None:
    shutil.rmtree(lake / "dt=2024-01-02")
    (lake / "dt=2024-01-02").symlink_to("dt=2024-01-01")
    found = {(each["place"], each["verdict"]) for each in _check(lake, deep=deep).differences}
    assert {("dt=2024-01-02", "extra"), (FILE, "missing")} <= found


@quick_and_deep
def test_what_a_killed_writer_left(lake: Path, deep: bool) -> None:
    left = [f"{FILE}.part", f"{MANIFEST}.4711.part"]
    for name in left:
        (lake / name).write_bytes(b"{")
    found = {(each["place"], each["verdict"]) for each in _check(lake, deep=deep).differences}
    assert found == {(name, "extra") for name in left}


def test_labels_of_anomalies_deleted(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, anomaly_rate=1.0)
    name = "_wattif/labels/anomalies/anomalies.parquet"
    (lake / name).unlink()
    assert _check(lake, deep=True).told("verdict", "place") == [("missing", name)]


def test_rows_without_meter_and_time_are_named_by_their_place(tmp_path: Path) -> None:
    lake = make_lake(tmp_path, columns="consumption_wh,status")
    rows = _rows(lake)
    rows[41] = rows[41].replace(b'"status":  0', b'"status":  7')
    _write(lake, rows)
    assert _check(lake, deep=True).told("verdict", "place", "mac", "column", "expected", "found") == [
        ("altered", FILE, None, "status", "row 42: 0", "row 42: 7")
    ]


def test_a_lake_without_manifests(lake: Path) -> None:
    shutil.rmtree(lake / "_wattif/manifest")
    with pytest.raises(LakeError, match=r"holds no manifest, so nothing of the dataset is committed; run wattif"):
        _check(lake)


def test_a_lake_without_its_identity(lake: Path, tmp_path: Path) -> None:
    (lake / "_wattif/dataset.json").unlink()
    with pytest.raises(LakeError, match=r"lake: _wattif/dataset.json is not there; give the place of the dataset"):
        _check(lake)
    with pytest.raises(LakeError, match="holds no dataset"):
        report_of("--lake", str(lake), "--start", "2024-01-01", "--end", "2024-01-02")
    with pytest.raises(LakeError, match=r"_wattif/dataset.json is not there"):
        _check(tmp_path / "nothing")


def test_a_damaged_identity(lake: Path) -> None:
    (lake / "_wattif/dataset.json").write_bytes(b"{")
    with pytest.raises(LakeError, match=r"dataset\.json cannot be read"):
        _check(lake)
    (lake / "_wattif/dataset.json").write_bytes(b"{}")
    with pytest.raises(LakeError, match="does not contain the options of its dataset"):
        _check(lake)


def test_another_dataset_than_the_one_that_lies_there(whole: Path) -> None:
    with pytest.raises(
        LakeError, match=r"holds another dataset: seed is 42 there and 43 here; meters is 10 there and 9"
    ):
        report_of("--lake", str(whole), "--meters", "9", "--seed", "43")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--table", "t", "--parquet", "*.parquet"], "--table t: --parquet also says what to compare"),
        (["--database", "d"], "--database d: needs --table"),
        (["--table", "t", "--deep"], "--deep: reads the rows of the lake"),
        (["--differences", "d.csv"], "--differences d.csv: must end in .parquet"),
        (["--differences", "/nowhere/d.parquet"], "--differences /nowhere/d.parquet: no such folder: /nowhere"),
    ],
)
def test_options_that_contradict_each_other(whole: Path, arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("*", r"\*")):
        report_of("--lake", str(whole), *arguments)
