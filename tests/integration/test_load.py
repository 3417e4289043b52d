"""`wattif load` with DuckDB: what is in the file afterwards, counted by others."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path
from threading import Event

import duckdb
import orjson
import pytest

from tests.asking import Asking, generate
from tests.fakes.gcs_server import GcsServer
from tests.warehouses import FILE_A, FILE_B, HandLake, load, parsed, reading, rows
from wattif.errors import LakeError, WarehouseError
from wattif.lake import layout

DAY, NEXT = date(2024, 1, 1), date(2024, 1, 2)
A, B = "02:00:00:00:00:0A", "02:00:00:00:00:0B"


@pytest.fixture
def lake(tmp_path: Path) -> HandLake:
    """Two days of two meters, two readings each."""
    lake = HandLake(tmp_path / "lake")
    for day in (DAY, NEXT):
        lake.write(
            day,
            {
                f"readings-0000000000{mac[-2:]}.json": [
                    reading(mac, f"{day}T00:00:00Z", "1.5"),
                    reading(mac, f"{day}T00:10:00Z", "2.125"),
                ]
                for mac in (A, B)
            },
        )
    return lake


def test_every_reading_arrives_with_its_exact_values(settings: Asking) -> None:
    asked = settings(columns="seq,mac,timestamp,consumption_wh,power_w,voltage_v,register_kwh,status,city_id")
    generate(asked, Event())
    report = load(lake=asked.lake)
    lines = parsed(sorted(asked.lake.glob("dt=*/*.json")))
    assert (report.rows, report.days_loaded, report.bad_record_count) == (len(lines), 2, 0)
    assert report.unknown_fields == report.missing_fields == {}
    found = rows(
        asked.lake / "wattif.duckdb",
        "SELECT mac, strftime(timestamp, '%Y-%m-%dT%H:%M:%SZ'), consumption_wh, register_kwh, voltage_v, power_w,"
        " status, city_id, seq, dt FROM smart_meter_readings ORDER BY ALL",
    )
    wanted = sorted(
        (
            row["mac"],
            row["timestamp"],
            Decimal(f"{row['consumption_wh']:.3f}"),
            Decimal(f"{row['register_kwh']:.3f}"),
            Decimal(f"{row['voltage_v']:.1f}"),
            row["power_w"],
            row["status"],
            row["city_id"],
            row["seq"],
            date.fromisoformat(row["timestamp"][:10]),
        )
        for row in lines
    )
    assert found == wanted


def test_a_second_load_brings_nothing_and_a_changed_day_is_replaced(lake: HandLake) -> None:
    assert lake.load().rows == 8
    again = lake.load()
    assert (again.rows, again.days_loaded, again.days_skipped) == (0, 0, 2)
    lake.write(NEXT, {"readings-00000000000C.json": [reading(A, f"{NEXT}T05:00:00Z", "9.000")]})
    changed = lake.load()
    assert (changed.rows, changed.days_loaded, changed.days_skipped) == (1, 1, 1)
    assert lake.rows("SELECT dt, count(*), sum(consumption_wh) FROM smart_meter_readings GROUP BY dt ORDER BY dt") == [
        (DAY, 4, Decimal("7.250")),
        (NEXT, 1, Decimal("9.000")),
    ]
    assert lake.rows("SELECT dt, rows, files, rolled_up FROM wattif_loads ORDER BY dt") == [
        (DAY, 4, 2, False),
        (NEXT, 1, 1, False),
    ]


def test_only_the_days_that_are_asked_for(lake: HandLake) -> None:
    assert lake.load(start="2024-01-02").rows == 4
    assert lake.rows("SELECT DISTINCT dt FROM smart_meter_readings") == [(NEXT,)]
    assert lake.load(end="2024-01-01").rows == 4


def test_what_no_manifest_names_is_not_loaded(lake: HandLake) -> None:
    lake.store.put_bytes(f"{layout.partition(DAY)}/readings-00000000000C.json", reading(A, f"{DAY}T07:00:00Z", "1"))
    lake.store.put_bytes("dt=2024-01-05/readings-00000000000C.json", reading(A, "2024-01-05T07:00:00Z", "1"))
    assert lake.load().rows == 8


def test_bad_records_are_named_with_file_and_line_and_stop_nothing(lake: HandLake) -> None:
    good = reading(A, f"{DAY}T00:20:00Z", "3")
    lake.write(
        DAY,
        {
            FILE_A: [good, b'{"mac":"02:00\n', good, b"\n", b'gar"bage}\n', b"[1, 2]\n", b'"text"\n'],
            FILE_B: [good, reading(A, "yesterday", "1"), b'{"timestamp":"2024-01-01T00:00:00Z"}\n', b"\xff\xfe\x00\n"],
            "readings-00000000000C.json": good + good[:40],
            "readings-00000000000E.json": b"",
            "readings-00000000600D.json": good,
        },
    )
    report = lake.load(end=DAY)
    assert (report.rows, report.bad_record_count) == (5, 8)
    found = lake.rows("SELECT file, line, error, content FROM smart_meter_bad_records ORDER BY file, line")
    assert [(file.removeprefix(f"dt={DAY}/"), line) for file, line, _, _ in found] == [
        (FILE_A, 2),
        (FILE_A, 5),
        (FILE_A, 6),
        (FILE_A, 7),
        (FILE_B, 2),
        (FILE_B, 3),
        (FILE_B, 4),
        ("readings-00000000000C.json", 2),
    ]
    assert found[0][3] == '{"mac":"02:00'
    assert found[-1][3] == good[:40].decode()
    assert [error.split(":")[0] for _, _, error, _ in found] == [
        "not JSON",
        "not JSON",
        "not a JSON object",
        "not a JSON object",
        "mac or timestamp cannot be read",
        "no mac",
        "not JSON",
        "not JSON",
    ]
    assert f"dt={DAY}/readings-00000000000A.json line 2: not JSON" in report.summary
    lake.write(DAY, {"readings-00000000600D.json": good})
    lake.load(end=DAY)
    assert lake.rows("SELECT count(*) FROM smart_meter_bad_records") == [(0,)]


def test_a_bad_line_far_into_a_large_file_is_counted_right(lake: HandLake) -> None:
    """DuckDB reads such a file in several threads."""
    lines = [
        reading(A, f"{DAY}T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z", f"{n}.125") for n in range(400_000)
    ]
    lines[300_003] = b"broken\n"
    lake.write(DAY, {FILE_A: lines})
    report = lake.load(end=DAY)
    assert [(bad.line, bad.content) for bad in report.bad_records] == [(300_004, "broken")]
    assert report.rows == 399_999


def test_a_drifted_schema_is_loaded_and_reported(lake: HandLake) -> None:
    added = reading(A, f"{DAY}T00:00:00Z", "1").replace(b"}", b',"firmware":"2.1"}')
    renamed = reading(A, f"{DAY}T00:10:00Z", "1").replace(b"consumption_wh", b"energy_wh")
    lake.write(DAY, {FILE_A: [added, added, renamed, reading(A, f"{DAY}T00:20:00Z", '"much"')]})
    report = lake.load(end=DAY)
    assert report.unknown_fields == {"firmware": 2, "energy_wh": 1}
    assert report.missing_fields == {"consumption_wh": 2}
    assert "field firmware: not loaded in 2 rows" in report.summary
    assert lake.rows("SELECT count(*), count(consumption_wh) FROM smart_meter_readings") == [(4, 2)]


@pytest.mark.parametrize("seed", range(6))
def test_unknown_fields_and_bad_lines_are_counted_as_a_reader_of_each_line_counts_them(
    lake: HandLake, seed: int
) -> None:
    """Seeds 0 and 1 have rows of one form alone, the others whatever may come."""
    rng = random.Random(seed)
    good = reading(A, f"{DAY}T00:20:00Z", "3")
    drifted = good.replace(b"}", b',"firmware":"2.1"}')
    kinds = [
        good,
        drifted,
        good.replace(b"}", b',"Firmware":7,"MAC":"x"}'),
        good.replace(b"}", b',"odd \\"name":null}'),
        good.replace(b"}", b',"nested":{"a":[1,"b"],"mac":2}}'),
        good.replace(b"3", b'"3"'),
        good.replace(b"3", b"null"),
        good.replace(b'"mac":"02:00:00:00:00:0A"', b'"rowid":1'),
        b"\n",
        b"  \n",
        b'{"mac":"02:00\n',
    ]
    chosen = [[good], [drifted]][seed] if seed < 2 else kinds
    files = {f"readings-00000000000{name.upper()}.json": rng.choices(chosen, k=rng.randrange(400)) for name in "abc"}
    lake.write(DAY, {**files, "readings-00000000000D.json": [good]})
    report = lake.load(end=DAY)
    unknown: Counter[str] = Counter()
    bad = []
    for name, lines in files.items():
        for number, line in enumerate(lines, 1):
            try:
                record = orjson.loads(line)
            except ValueError:
                if line.strip():
                    bad.append((f"dt={DAY}/{name}", number))
                continue
            unknown.update(record.keys() - {"mac", "timestamp", "consumption_wh", "status"})
            if "mac" not in record:
                bad.append((f"dt={DAY}/{name}", number))
    assert report.unknown_fields == unknown
    found = lake.rows("SELECT file, line FROM smart_meter_bad_records ORDER BY file, line")
    assert found == bad
    columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 'smart_meter_readings'"
    assert {name for (name,) in lake.rows(columns)} == {"mac", "timestamp", "consumption_wh", "status", "dt"}


def test_a_day_is_never_left_half(lake: HandLake) -> None:
    gone = lake.folder / layout.partition(NEXT) / FILE_B
    content = gone.read_bytes()
    gone.unlink()
    with pytest.raises(LakeError, match=r"readings-00000000000B\.json is committed, but missing"):
        lake.load()
    by_day = "SELECT dt, count(*) FROM smart_meter_readings GROUP BY dt ORDER BY dt"
    assert lake.rows(by_day) == [(DAY, 4)]
    gone.write_bytes(content)
    report = lake.load()
    assert (report.days_loaded, report.days_skipped) == (1, 1)
    assert lake.rows(by_day) == [(DAY, 4), (NEXT, 4)]
    assert lake.rows("SELECT table_name FROM information_schema.tables ORDER BY 1") == [
        ("smart_meter_bad_records",),
        ("smart_meter_readings",),
        ("wattif_loads",),
    ]


def test_days_without_one_reading_are_an_error(lake: HandLake) -> None:
    lake.write(DAY, {FILE_A: b"nothing\n", FILE_B: b""})
    with pytest.raises(WarehouseError, match=r"hold no readings; check smart_meter_bad_records"):
        lake.load(end=DAY)
    assert lake.rows("SELECT line, content FROM smart_meter_bad_records") == [(1, "nothing")]


def test_the_bucket_is_loaded_as_the_folder_is(lake: HandLake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lake.write(DAY, {FILE_A: [reading(A, f"{DAY}T00:00:00Z", "1"), b"broken\n"]})
    with GcsServer(["my-lake"], page_size=2) as server:
        for path in lake.folder.rglob("*"):
            if path.is_file():
                server.put("my-lake", f"raw/{path.relative_to(lake.folder).as_posix()}", path.read_bytes())
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        database = tmp_path / "bucket.duckdb"
        report = load(bucket="my-lake", prefix="raw", database=database)
    assert lake.load().rows == report.rows == 5
    for table in ("smart_meter_readings", "smart_meter_bad_records"):
        assert rows(database, f"FROM {table} ORDER BY ALL") == lake.rows(f"FROM {table} ORDER BY ALL")


def test_a_folder_without_a_dataset(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="holds no WattIf dataset; name its `lake`"):
        load(lake=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_lake_without_committed_days(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    with pytest.raises(LakeError, match="holds no committed day; generate it first"):
        lake.load()


def test_readings_without_what_hours_are_made_of(tmp_path: Path) -> None:
    lake = HandLake(tmp_path)
    document = {"fingerprint": "f", "columns": "timestamp,power_w", "interval": 10}
    lake.store.put_bytes(layout.DATASET, orjson.dumps(document))
    with pytest.raises(LakeError, match=r"no mac and no consumption_wh, .*`columns`"):
        lake.load()


def test_another_dataset_is_not_mixed_in(lake: HandLake, tmp_path: Path) -> None:
    lake.load()
    other = HandLake(tmp_path / "other", fingerprint="ffff")
    other.write(DAY, {FILE_A: reading(A, f"{DAY}T00:00:00Z", "1")})
    with pytest.raises(WarehouseError, match="holds the readings of another dataset; name another `database`"):
        other.load(database=lake.folder / "wattif.duckdb")
    assert lake.rows("SELECT count(*) FROM smart_meter_readings") == [(8,)]


def test_a_database_that_another_process_has_open(lake: HandLake) -> None:
    import subprocess
    import sys

    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(lake.folder / "wattif.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(WarehouseError, match="another process has the database open; stop it"):
            lake.load()
        process.communicate()


def test_a_file_that_is_no_database(lake: HandLake) -> None:
    (lake.folder / "wattif.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(WarehouseError, match=r"wattif\.duckdb: .*name another `database`") as failure:
        lake.load()
    assert "\n" not in str(failure.value)


def test_a_table_with_other_columns(lake: HandLake) -> None:
    with duckdb.connect(str(lake.folder / "wattif.duckdb")) as connection:
        connection.execute("CREATE TABLE smart_meter_readings (mac VARCHAR)")
    with pytest.raises(WarehouseError, match="smart_meter_readings has other columns than this dataset's"):
        lake.load()


def test_a_timestamp_that_cannot_be_true_is_a_bad_record(tmp_path: Path) -> None:
    lake = HandLake(tmp_path / "lake")
    lines = [reading(A, moment, "1") for moment in (f"{DAY}T00:00:00Z", "9999-12-31T23:59:59Z", "1066-10-14T09:00:00Z")]
    lake.write(DAY, {FILE_A: lines})
    report = lake.load(end=DAY)
    assert (report.rows, report.bad_record_count) == (1, 2)


def test_a_file_that_lost_lines_since_its_commit_is_named(tmp_path: Path) -> None:
    lake = HandLake(tmp_path / "lake")
    lake.write(
        DAY,
        {
            FILE_A: [reading(A, f"{DAY}T00:00:00Z", "1")],
            FILE_B: [reading(A, f"{DAY}T01:00:00Z", "1")] * 3,
        },
    )
    file = lake.folder / f"dt={DAY}" / FILE_B
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(LakeError, match=r"B\.json has 1 of the 3 lines in its manifest"):
        lake.load(end=DAY)
