"""Days of readings out of PostgreSQL into Parquet files and back: each reading is in one of the two, exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import duckdb
import psycopg
import pytest
from pydantic import SecretStr

from tests.asking import Asking, generate
from tests.commands import run_wattif
from tests.fakes.gcs_server import GcsServer
from tests.postgres import Database
from tests.warehouses import FILE_A, HandLake, load, reading, rollup
from wattif.archive import archive as archiving
from wattif.archive.archive import archive
from wattif.archive.days import where_days_lie
from wattif.archive.evidence import evidence_in_file, evidence_in_partition
from wattif.archive.restore import restore
from wattif.errors import InvalidValue, LakeError, WarehouseError
from wattif.lake.open import open_store
from wattif.uploader.local import LocalStore, file_crc32c
from wattif.uploader.store import Guard, SealedFile
from wattif.warehouse.place import WarehousePlace
from wattif.warehouse.postgres.postgres_warehouse import PostgresWarehouse

DAY, NEXT, LAST = (date(2024, 1, day) for day in (1, 2, 3))
READINGS = "smart_meter_readings"
A, B = "02:00:00:00:00:0A", "02:00:00:00:00:0B"


_WAY_OUT = "put that file back there, from a backup or another version of the object, then run the same command again;"


def _place(database: Database) -> WarehousePlace:
    return WarehousePlace(warehouse="postgres", database_url=SecretStr(database.url()))


@pytest.fixture
def lake(tmp_path: Path) -> HandLake:
    """Three days: two readings and one that comes twice, none but a bad line, and one."""
    lake = HandLake(tmp_path / "lake")
    twice = reading(A, f"{DAY}T00:10:00Z", "2.125")
    lake.write(DAY, {FILE_A: [reading(A, f"{DAY}T00:00:00Z", "1.5"), twice, twice]})
    lake.write(NEXT, {FILE_A: [b"{\n"]})
    lake.write(LAST, {FILE_A: [reading(B, f"{LAST}T05:00:00Z", "9.000")]})
    return lake


def _archived(folder: Path) -> list[tuple[Any, ...]]:
    """All rows of the files, as DuckDB reads them."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(f"FROM '{folder}/{READINGS}/*.parquet' ORDER BY ALL").fetchall()


def _rows(database: Database) -> list[tuple[Any, ...]]:
    return sorted(database.rows(f"SELECT * FROM wattif.{READINGS}"), key=repr)


def test_days_go_and_come_back_as_they_were(settings: Asking, database: Database, tmp_path: Path) -> None:
    asked = settings(
        end="2024-01-03",
        interval=900,
        faults="duplicate=0.02,late=0.01:6h,corrupt=0.03",
        columns="seq,mac,timestamp,consumption_wh,power_w,register_kwh,status,city_id",
    )
    generate(asked, Event())
    load(lake=asked.lake, **database.options())
    before = _rows(database)
    report = archive(_place(database), str(tmp_path / "old"), LAST)
    assert (list(report.days), report.days_skipped) == ([DAY, NEXT], 0)
    there = _rows(database)
    assert report.rows == len(before) - len(there)
    assert {row[-1] for row in there} == {LAST}
    assert sorted(there + _archived(tmp_path / "old"), key=repr) == before
    assert database.rows(f"SELECT count(*) FROM pg_partition_tree('wattif.{READINGS}') WHERE isleaf") == [(1,)]
    assert load(lake=asked.lake, **database.options()).days_skipped == 3
    assert archive(_place(database), str(tmp_path / "old"), LAST).days_skipped == 2
    assert restore(_place(database), NEXT).rows == sum(row[-1] == NEXT for row in before)
    assert sorted(_rows(database) + _archived(tmp_path / "old"), key=repr) == before
    restore(_place(database), DAY)
    assert _rows(database) == before
    assert not list((tmp_path / "old").rglob("*.parquet"))
    assert rollup(lake=asked.lake, **database.options()).delivered == len(before)


def test_a_file_that_holds_something_else_is_no_archive(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole, but written without one of the readings."""

    def write(*words: Any) -> SealedFile:
        whole = is_written(*words)
        path = whole.path.with_name("some.parquet")
        duckdb.read_parquet(str(whole.path)).limit(2).write_parquet(str(path))
        return SealedFile(path, whole.name, path.stat().st_size, file_crc32c(path))

    is_written = archiving._write
    monkeypatch.setattr(archiving, "_write", write)
    lake.load(**database.options())
    with pytest.raises(WarehouseError, match=f"does not hold what .*{DAY:%Y%m%d} holds; the day stays in"):
        archive(_place(database), str(tmp_path / "old"), NEXT)
    assert len(_rows(database)) == 4
    assert database.rows("SELECT count(*) FROM wattif.wattif_archives") == [(0,)]


def test_a_file_that_the_archive_damaged_is_no_archive(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though all its readings can be read."""

    def put_files(store: LocalStore, files: Sequence[SealedFile], guard: Guard | None = None) -> Any:
        receipts = put(store, files, guard)
        path = tmp_path / "old" / files[0].name
        content = path.read_bytes()
        path.write_bytes(content.replace(b"DuckDB", b"duckdb"))  # in the footer: who wrote it
        assert path.read_bytes() != content
        return receipts

    put = LocalStore.put_files
    monkeypatch.setattr(LocalStore, "put_files", put_files)
    lake.load(**database.options())
    with pytest.raises(WarehouseError, match=f"does not hold what .*{DAY:%Y%m%d} holds; the day stays in"):
        archive(_place(database), str(tmp_path / "old"), NEXT)
    assert len(_rows(database)) == 4


def test_a_day_without_readings_goes_and_comes_back(lake: HandLake, database: Database, tmp_path: Path) -> None:
    lake.load(**database.options())
    report = archive(_place(database), str(tmp_path / "old (100 %), l'été"), date(2024, 2, 1))
    assert (list(report.days), report.rows) == ([DAY, NEXT, LAST], 4)
    assert _rows(database) == []
    assert restore(_place(database), NEXT).rows == 0
    assert restore(_place(database), DAY).rows == 3
    assert database.rows(f"SELECT sum(consumption_wh)::text FROM wattif.{READINGS}") == [("5.750",)]


def test_a_bucket_takes_days_and_gives_them_back(
    lake: HandLake, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.load(**database.options())
    before = _rows(database)
    with GcsServer(["old"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        monkeypatch.setenv("NO_GCE_CHECK", "true")
        assert archive(_place(database), "gs://old/days", LAST).rows == 3
        assert [row[-1] for row in _rows(database)] == [LAST]
        told = where_days_lie(_place(database))
        assert [(each.place, each.days, each.rows) for each in told.shelves[1:]] == [("gs://old/days", [DAY, NEXT], 3)]
        assert told.missing == []
        for day in (DAY, NEXT):
            restore(_place(database), day)
        assert list(open_store("gs://old/days").list("smart")) == []
    assert _rows(database) == before


@pytest.mark.parametrize(
    "change",
    [
        "consumption_wh = consumption_wh + 0.001 WHERE consumption_wh = 1.5",
        f"mac = '{B}' WHERE consumption_wh = 1.5",
        "status = NULL WHERE consumption_wh = 1.5",
        "power_w = 0 WHERE consumption_wh = 1.5",
        "timestamp = timestamp + interval '1 hour' WHERE consumption_wh = 1.5",
        "timestamp = timestamp + interval '1 microsecond' WHERE consumption_wh = 1.5",
        "city_id = 'manila' WHERE consumption_wh = 1.5",
        # what cancels in every sum
        "consumption_wh = CASE WHEN consumption_wh = 1.5 THEN 2.125 ELSE 1.5 END"
        " WHERE ctid IN (SELECT min(ctid) FROM wattif.smart_meter_readings_20240101 GROUP BY consumption_wh)",
    ],
)
def test_the_evidence_shows_any_change(lake: HandLake, database: Database, tmp_path: Path, change: str) -> None:
    lake.load(end=DAY, **database.options())
    partition = f"{READINGS}_{DAY:%Y%m%d}"
    warehouse = PostgresWarehouse(database.url(), "")
    try:
        before = evidence_in_partition(warehouse, partition)
        assert evidence_in_partition(warehouse, partition) == before
        database.rows(f"UPDATE wattif.{partition} SET {change}")
        assert evidence_in_partition(warehouse, partition) != before
    finally:
        warehouse.close()


def test_both_engines_find_the_same_evidence(lake: HandLake, database: Database, tmp_path: Path) -> None:
    """Of fractions, of what is less than nothing, of texts with commas; however the server would write dates."""
    lake.load(end=DAY, **database.options())
    database.rows(f"ALTER DATABASE {database.name} SET DateStyle = 'German'")
    odd = "timestamp = timestamp + interval '1 microsecond', power_w = -5, current_a = -0.05, city_id = 'Zürich, 4'"
    database.rows(f"UPDATE wattif.{READINGS} SET {odd} WHERE consumption_wh = 1.5")
    warehouse = PostgresWarehouse(database.url(), "")
    try:
        there = evidence_in_partition(warehouse, f"{READINGS}_{DAY:%Y%m%d}")
    finally:
        warehouse.close()
    archive(_place(database), str(tmp_path / "old"), NEXT)
    (path,) = (tmp_path / "old").rglob("*.parquet")
    assert evidence_in_file(path, "") == there
    assert [(each["city_id"], each["readings"], each["power_w_sum"]) for each in there] == [
        ("Zürich, 4", 1, -5),
        (None, 2, None),
    ]


def _while_it_uploads(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Archives do *action* when a day is copied, but not yet in its archive."""

    def put_files(store: LocalStore, files: Sequence[SealedFile], guard: Guard | None = None) -> object:
        action()
        return uploaded(store, files, guard)

    uploaded = LocalStore.put_files
    monkeypatch.setattr(LocalStore, "put_files", put_files)


def test_while_a_day_is_copied_others_load_and_read(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake.load(end=DAY, **database.options())
    impatient = f"{database.url()}&options=-c%20lock_timeout%3D2000"
    seen: list[Any] = []

    def meanwhile() -> None:
        seen.append(lake.load(warehouse="postgres", database_url=impatient).days_loaded)
        with psycopg.connect(impatient) as connection:
            seen.append(connection.execute(f"SELECT count(*) FROM wattif.{READINGS}".encode()).fetchall())

    _while_it_uploads(monkeypatch, meanwhile)
    assert archive(_place(database), str(tmp_path / "old"), NEXT).rows == 3
    assert seen == [2, [(4,)]]
    assert [row[-1] for row in _rows(database)] == [LAST]


@pytest.mark.parametrize(
    "change",
    ["UPDATE wattif.{} SET power_w = power_w", "DELETE FROM wattif.{} WHERE consumption_wh = 1.5"],
)
def test_a_day_that_changes_while_it_is_copied_stays(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Even after the file was found to hold the same."""
    lake.load(**database.options())

    def check(*words: Any) -> None:
        is_checked(*words)
        database.rows(change.format(f"{READINGS}_{DAY:%Y%m%d}"))

    is_checked = archiving._check
    monkeypatch.setattr(archiving, "_check", check)
    with pytest.raises(WarehouseError, match=f"{DAY} was changed while it was copied, and stays; run the same command"):
        archive(_place(database), str(tmp_path / "old"), NEXT)
    monkeypatch.undo()
    assert database.rows("SELECT count(*) FROM wattif.wattif_archives") == [(0,)]
    rows = len(_rows(database)) - 1
    assert archive(_place(database), str(tmp_path / "old"), NEXT).rows == 3
    assert len(_archived(tmp_path / "old")) == rows


def test_what_needs_an_archived_day_is_refused(lake: HandLake, database: Database, tmp_path: Path) -> None:
    lake.load(**database.options())
    archive(_place(database), str(tmp_path / "old"), NEXT)
    with pytest.raises(WarehouseError, match=f"readings of {DAY}, which are archived in .*restore --day {DAY}"):
        rollup(lake=lake.folder, **database.options())
    lake.write(DAY, {FILE_A: [reading(A, f"{DAY}T00:00:00Z", "7.5")]})
    with pytest.raises(WarehouseError, match=f"{DAY} has changed in the lake.*restore --day {DAY}"):
        lake.load(**database.options())
    assert [row[1].date() for row in _rows(database)] == [LAST]
    restore(_place(database), DAY)
    lake.load(**database.options())
    assert database.rows(f"SELECT sum(consumption_wh)::text FROM wattif.{READINGS}") == [("16.500",)]
    assert rollup(lake=lake.folder, **database.options()).readings == 2


def test_a_day_that_is_archived_during_a_roll_up_is_missed(
    lake: HandLake, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hour is counted without its readings."""
    lake.load(**database.options())

    def execute(warehouse: PostgresWarehouse, *words: Any, **more: Any) -> None:
        monkeypatch.undo()
        archive(_place(database), str(tmp_path / "old"), NEXT)
        warehouse.execute(*words, **more)

    monkeypatch.setattr(PostgresWarehouse, "execute", execute)
    with pytest.raises(
        WarehouseError, match=f"needs the readings of {DAY}, which are archived in .*restore --day {DAY}"
    ):
        rollup(lake=lake.folder, **database.options())
    restore(_place(database), DAY)
    assert rollup(lake=lake.folder, **database.options()).readings == 3


def test_who_only_loads_archives_nothing(lake: HandLake, database: Database, tmp_path: Path) -> None:
    lake.load(**database.options())
    if not database.rows("SELECT 1 FROM pg_roles WHERE rolname = 'loads'"):
        database.rows("CREATE ROLE loads LOGIN IN ROLE wattif_loader")
    place = WarehousePlace(warehouse="postgres", database_url=SecretStr(database.url("loads")))
    with pytest.raises(WarehouseError, match=r"must be owner of .*; run it as the role that owns the schema wattif"):
        archive(place, str(tmp_path / "old"), NEXT)
    assert len(_rows(database)) == 4


def test_a_file_that_changed_is_not_restored(lake: HandLake, database: Database, tmp_path: Path) -> None:
    lake.load(**database.options())
    archive(_place(database), str(tmp_path / "old"), NEXT)
    (path,) = (tmp_path / "old").rglob("*.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:100] + b"\0" + content[101:])
    with pytest.raises(LakeError, match=rf"{path} is not the file that was archived; {_WAY_OUT}"):
        restore(_place(database), DAY)
    path.unlink()
    with pytest.raises(LakeError, match=rf"{path} is missing; {_WAY_OUT} .* is unchanged"):
        restore(_place(database), DAY)
    assert [row[1].date() for row in _rows(database)] == [LAST]
    path.write_bytes(content)
    assert restore(_place(database), DAY).rows == 3


def test_an_archive_is_no_dataset(lake: HandLake, database: Database) -> None:
    lake.load(**database.options())
    with pytest.raises(InvalidValue, match="a dataset lies there; name another place"):
        archive(_place(database), str(lake.folder), NEXT)


def test_the_commands(lake: HandLake, database: Database, tmp_path: Path) -> None:
    """By age; where the days lie; what cannot be is one line and exit code 2."""
    lake.load(**database.options())
    where = ("--database-url", database.url())
    age = (datetime.now(UTC).date() - NEXT) // timedelta(days=1)
    to = ("--to", "old")  # in the working directory
    done = run_wattif(tmp_path, "archive", *where, *to, "--older-than", f"{age}d")
    assert done.stdout.startswith("3 readings of 1 day, 2024-01-01, from "), done.stderr
    told = run_wattif(tmp_path, "status", "--warehouse", "postgres", *where)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == [
        f"2 days from 2024-01-02 to 2024-01-03, with 1 readings, in {database.name} on {database.server.folder}",
        f"1 day, 2024-01-01, with 3 readings, in {tmp_path / 'old'}",
    ]
    for arguments, said in [
        (("archive", *where, *to, "--older-than", "90"), "--older-than 90: not a number of days; write it as 90d"),
        (("archive", *where, "--to", "/proc/nope", "--older-than", "1d"), "--to /proc/nope: takes no files (No such"),
        (("archive", *where, "--to", "ftp://x/y", "--older-than", "90d"), "--to ftp://x/y: unsupported scheme"),
        (("archive", *to, "--older-than", "90d"), "--database-url"),
        (
            ("archive", *where, *to, "--older-than", "90d", "--warehouse", "duckdb"),
            "--warehouse duckdb: must be 'postgres'",
        ),
        (("restore", *where, "--day", "2024-01-03"), "--day 2024-01-03: is not archived; 1 day, 2024-01-01, is"),
    ]:
        refused = run_wattif(tmp_path, *arguments)
        assert refused.returncode == 2, refused.stderr
        (line,) = refused.stderr.splitlines()
        assert said in line
    (path,) = (tmp_path / "old").rglob("*.parquet")
    path.rename(tmp_path / "away")
    lost = run_wattif(tmp_path, "status", "--warehouse", "postgres", *where)
    assert lost.returncode == 1
    assert f"missing: {tmp_path / 'old'}/{READINGS}/{path.name}" in lost.stdout
