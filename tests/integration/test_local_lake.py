"""A whole run into a lake on this machine, read back by programs that are not ours."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import BinaryIO

import duckdb
import google_crc32c
import orjson
import pyarrow.parquet as pq
import pytest

from tests.asking import Asked, Asking, generate
from tests.lakes import file_bytes, objects
from wattif.engine.plan import Plan, staging_needed
from wattif.errors import LakeError, StagingError, UsageError
from wattif.lake import layout
from wattif.lake.fence import epoch_of
from wattif.model.cities import MANILA
from wattif.model.classes import CLASSES, PROFILES
from wattif.model.energy import register_and_day
from wattif.model.fleet import make_fleet
from wattif.model.months import month_of
from wattif.numeric import calendar
from wattif.tables.meters import TABLE as METERS
from wattif.tables.weather import TABLE as WEATHER


def _run(settings: Asked) -> dict[str, str]:
    generate(settings, Event())
    return objects(settings.lake)


def test_duckdb_reads_the_right_count_and_the_allocated_energy(settings: Asking) -> None:
    """The sum of all readings, in whole milliwatt-hours, is what was allocated from above."""
    asked = settings(start="2024-01-30", end="2024-02-02", meters=12, interval=60)
    generate(asked, Event())
    readings = f"read_json('{asked.lake}/dt=*/*.json', hive_partitioning=true, columns={{mac: 'VARCHAR',"
    readings += " timestamp: 'TIMESTAMP', consumption_wh: 'DECIMAL(18,3)', register_kwh: 'DECIMAL(18,3)', dt: 'DATE'})"
    with duckdb.connect() as connection:
        count, energy_mwh, meters, seconds = connection.sql(
            f"SELECT count(*), (sum(consumption_wh) * 1000)::BIGINT, count(DISTINCT mac), count(DISTINCT timestamp)"
            f" FROM {readings} WHERE dt = timestamp::DATE"
        ).fetchall()[0]
        last_registers = dict(
            connection.sql(
                f"SELECT mac, arg_max(register_kwh, timestamp)::DOUBLE FROM {readings} GROUP BY mac"
            ).fetchall()
        )
    assert (count, meters, seconds) == (4 * 12 * 1440, 12, 4 * 1440)
    fleet = make_fleet(42, 12, [MANILA])
    allocated = 0
    for meter in range(12):
        for n in range(4):
            day = date(2024, 1, 30) + timedelta(days=n)
            month = month_of(42, MANILA, date(2024, 1, 1), day.replace(day=1))
            kind = CLASSES[fleet.meter_class[meter]].energy
            register_mwh, day_mwh = register_and_day(
                42,
                meter,
                int(fleet.base_mwh[meter]),
                kind.spread,
                kind.day_noise,
                int(fleet.profile[meter]),
                month,
                calendar.day_number(day),
            )
            allocated += day_mwh
        mac = ":".join(f"{int(fleet.macs[meter]):012X}"[n : n + 2] for n in range(0, 12, 2))
        assert last_registers[mac] == (register_mwh + day_mwh) // 1000 / 1000
    assert energy_mwh == allocated


def test_the_lake_holds_exactly_the_planned_objects(settings: Asking) -> None:
    asked = settings()
    made = _run(asked)
    expected = file_bytes(asked)
    assert {name for name in made if name.startswith("dt=")} == set(expected)
    for name, content in expected.items():
        assert (asked.lake / name).read_bytes() == content
    assert set(made) - set(expected) == {
        layout.DATASET,
        METERS.object_name(),
        *(f"_wattif/{network}.parquet" for network in ("zones", "substations", "feeders", "transformers")),
        WEATHER.object_name("manila-2024-01"),
        *(layout.manifest_name(date(2024, 1, day), batch) for day in (1, 2) for batch in (0, 1)),
    }
    assert asked.staging_dir is not None
    assert list(asked.staging_dir.iterdir()) == [asked.staging_dir / "wattif.lock"]


def test_manifests_agree_with_the_files(settings: Asking) -> None:
    asked = settings()
    generate(asked, Event())
    entries = [
        orjson.loads(line)
        for path in sorted((asked.lake / layout.MANIFESTS).rglob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]
    assert [entry["name"] for entry in entries] == sorted(file_bytes(asked))
    for entry in entries:
        content = (asked.lake / entry["name"]).read_bytes()
        assert (entry["bytes"], entry["rows"]) == (len(content), content.count(b"\n"))
        assert int(entry["crc32c"], 16) == google_crc32c.value(content)
        macs = {orjson.loads(row)["mac"] for row in content.splitlines()}
        assert len(macs) == entry["last_meter"] - entry["first_meter"] + 1


def test_the_fleet_stands_beside_the_data(settings: Asking) -> None:
    asked = settings(meters=45)
    generate(asked, Event())
    table = pq.read_table(asked.lake / METERS.object_name())
    fleet = make_fleet(42, 45, [MANILA])
    assert table["meter"].to_pylist() == list(range(45))
    assert [int(mac.replace(":", ""), 16) for mac in table["mac"].to_pylist()] == fleet.macs.tolist()
    assert table["mean_kwh"].to_pylist() == [mwh / 1e6 for mwh in fleet.base_mwh.tolist()]
    fed = table["transformer"].to_pylist()
    assert fed == sorted(fed), "neighbors share a transformer"
    transformers = pq.read_table(asked.lake / "_wattif/transformers.parquet")["transformer"].to_pylist()
    assert sorted(set(fed)) == transformers
    assert len(transformers) > 1
    assert table["class"].to_pylist() == [CLASSES[kind].id for kind in fleet.meter_class]
    assert table["profile"].to_pylist() == [PROFILES[profile] for profile in fleet.profile]
    assert set(table["city_id"].to_pylist()) == {"manila"}
    places = {(row["transformer"], row["latitude"], row["longitude"]) for row in table.to_pylist()}
    assert len(places) == 45, "each meter has a place of its own"
    for _, latitude, longitude in places:
        assert abs(latitude - MANILA.latitude) < 0.2
        assert abs(longitude - MANILA.longitude) < 0.2


@pytest.mark.parametrize(("write_workers", "upload_workers"), [(1, 1), (2, 4), (8, 8)])
def test_threads_change_no_object(settings: Asking, tmp_path: Path, write_workers: int, upload_workers: int) -> None:
    reference = _run(settings(lake=tmp_path / "reference", meters=30))
    threaded = settings(
        lake=tmp_path / "threaded", meters=30, write_workers=write_workers, upload_workers=upload_workers
    )
    assert _run(threaded) == reference


def test_the_same_command_again_changes_nothing(settings: Asking) -> None:
    asked = settings()
    first = _run(asked)
    times = {path: path.stat().st_mtime_ns for path in asked.lake.rglob("dt=*/*")}
    figures = generate(asked, Event())
    assert (figures.batches, figures.batches_skipped, figures.readings) == (0, 4, 0)
    assert objects(asked.lake) == first
    assert {path: path.stat().st_mtime_ns for path in asked.lake.rglob("dt=*/*")} == times


def test_a_later_end_continues_the_dataset(settings: Asking, tmp_path: Path) -> None:
    generate(settings(), Event())
    extended = _run(settings(end="2024-01-04"))
    assert extended == _run(settings(end="2024-01-04", lake=tmp_path / "at once"))


def test_whatever_is_missing_is_made_again(settings: Asking) -> None:
    """A batch without its manifest does not exist, whether or not some of its files are there."""
    asked = settings(meters=30)
    whole = _run(asked)
    (asked.lake / layout.manifest_name(date(2024, 1, 2), 1)).unlink()
    victims = sorted(asked.lake.glob("dt=2024-01-02/*"))
    victims[2].unlink()
    (asked.lake / METERS.object_name()).unlink()
    assert _run(asked) == whole


def test_what_an_earlier_run_sealed_is_made_again(settings: Asking) -> None:
    """Whatever lies in staging under the right name, with the right checksum: no byte of it comes into the lake."""
    asked = settings()
    whole = file_bytes(asked)
    generate(asked, Event())
    fingerprint = orjson.loads((asked.lake / layout.DATASET).read_bytes())["fingerprint"]
    assert asked.staging_dir is not None
    planted = []
    for name in sorted(whole)[:4]:
        forged = b"forged" * 100
        sealed = asked.staging_dir / fingerprint[:16] / f"{name}.crc32c-{google_crc32c.value(forged):08x}"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        sealed.write_bytes(forged)
        planted.append(sealed)
    for path in [*asked.lake.glob("dt=2024-01-01/*"), *(asked.lake / layout.MANIFESTS).glob("dt=2024-01-01/*")]:
        path.unlink()
    generate(asked, Event())
    assert {name: (asked.lake / name).read_bytes() for name in whole} == whole
    assert not [path for path in planted if path.exists()]


def test_leftovers_of_committed_batches_are_removed_once_the_manifest_confirms_them(settings: Asking) -> None:
    asked = settings()
    generate(asked, Event())
    whole = file_bytes(asked)
    fingerprint = orjson.loads((asked.lake / layout.DATASET).read_bytes())["fingerprint"]
    assert asked.staging_dir is not None
    for name in whole:
        sealed = asked.staging_dir / fingerprint[:16] / f"{name}.crc32c-{google_crc32c.value(whole[name]):08x}"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        sealed.write_bytes(whole[name])
    generate(asked, Event())
    assert not list(asked.staging_dir.rglob("readings*"))


@pytest.fixture
def other_disk() -> Iterator[Path]:
    """A folder on another file system than the temporary one."""
    folder = Path(tempfile.mkdtemp(dir="/dev/shm"))
    yield folder
    shutil.rmtree(folder)


needs_two_disks = pytest.mark.skipif(
    not Path("/dev/shm").is_dir() or Path("/dev/shm").stat().st_dev == Path(tempfile.gettempdir()).stat().st_dev,
    reason="needs two file systems",
)


@needs_two_disks
def test_on_another_file_system_files_are_copied_and_compared(settings: Asking, other_disk: Path) -> None:
    asked = settings()
    elsewhere = settings(staging_dir=other_disk)
    assert other_disk.stat().st_dev != asked.lake.parent.stat().st_dev
    _run(elsewhere)
    assert {name: (elsewhere.lake / name).read_bytes() for name in file_bytes(asked)} == file_bytes(asked)
    assert not list(other_disk.rglob("readings*"))
    assert not list(elsewhere.lake.rglob("*.part"))


@needs_two_disks
def test_a_copy_that_differs_is_not_taken(settings: Asking, other_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def copy_badly(source: BinaryIO, target: BinaryIO, length: int) -> None:
        target.write(source.read()[:-2] + b"x\n")

    monkeypatch.setattr(shutil, "copyfileobj", copy_badly)
    asked = settings(staging_dir=other_disk)
    with pytest.raises(LakeError, match="differs from what was produced"):
        generate(asked, Event())
    assert not list(asked.lake.glob("dt=*/*"))
    assert not list((asked.lake / layout.MANIFESTS).rglob("*.ndjson"))


def test_another_dataset_is_refused_and_replaced_on_demand(settings: Asking, tmp_path: Path) -> None:
    before = _run(settings(seed=1, end="2024-01-03"))
    with pytest.raises(LakeError, match="seed is 1 there and 42 here"):
        generate(settings(), Event())
    assert objects(settings().lake) == before
    replaced, fresh = _run(settings(overwrite=True)), _run(settings(lake=tmp_path / "fresh"))
    assert epoch_of((settings().lake / layout.DATASET).read_bytes(), "") == 2  # it is the second claim of the place
    assert replaced == fresh


def test_a_strange_object_in_the_way_is_named_and_replaced_on_demand(settings: Asking) -> None:
    asked = settings()
    whole = _run(asked)
    name = sorted(file_bytes(asked))[0]
    (asked.lake / name).write_text("something else\n")
    (asked.lake / layout.manifest_name(date(2024, 1, 1), 0)).unlink()
    with pytest.raises(LakeError, match=f"{name} holds bytes that are not this dataset's"):
        generate(asked, Event())
    assert (asked.lake / name).read_text() == "something else\n"
    assert _run(settings(overwrite=True)) == whole


def test_a_prefix_is_a_place_of_its_own(settings: Asking) -> None:
    asked = settings(prefix="raw/meters")
    generate(asked, Event())
    assert (asked.lake / "raw/meters" / layout.DATASET).is_file()
    assert {path.name for path in asked.lake.iterdir()} == {"raw"}
    generate(settings(prefix="other", seed=3), Event())


def test_staging_that_is_too_small_is_refused_before_anything_is_made(settings: Asking) -> None:
    asked = settings(staging_limit=1000)
    needed = staging_needed([Plan.of(asked)], asked.write_workers)
    with pytest.raises(UsageError, match=f"raise it to at least {needed}"):
        generate(asked, Event())
    assert not asked.lake.exists()
    generate(settings(staging_limit=needed), Event())


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_staging_folder_without_permission_is_named(settings: Asking) -> None:
    asked = settings()
    assert asked.staging_dir is not None
    asked.staging_dir.chmod(0o500)
    with pytest.raises(StagingError, match="is not writable"):
        generate(asked, Event())


def test_each_run_leaves_its_figures(settings: Asking) -> None:
    asked = settings()
    generate(asked, Event())
    generate(asked, Event())
    reports = [orjson.loads(path.read_bytes()) for path in sorted((asked.lake / layout.RUNS).glob("*.json"))]
    assert [report["batches"] for report in reports] == [4, 0]
    assert reports[0]["readings"] == 2 * 10 * 288
    assert reports[0]["bytes"] == sum(map(len, file_bytes(asked).values()))
    assert reports[0]["spec"]["meters"] == 10
