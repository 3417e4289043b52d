"""A whole run with everything that may go wrong on the way, read back by programs that are not ours."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path
from threading import Event

import duckdb
import google_crc32c
import orjson
import pyarrow.parquet as pq
import pytest

from tests.asking import Asked, Asking, generate
from tests.fakes.gcs_server import GcsServer
from tests.lakes import file_bytes, objects, tells_of_a_run, unclaimed
from tests.undo_faults import read_labels, read_objects, undo
from wattif.engine.plan import Plan, staging_needed
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard

FAULTS = (
    "duplicate=0.01,late=0.01:2h,drop=0.01,out_of_order=0.01,corrupt=0.01,partial_line=0.3,file_missing=0.1,"
    "batch_twice=0.3,schema_drift=2024-01-02"
)


@pytest.fixture
def faulty(settings: Asking) -> Asked:
    return settings(faults=FAULTS, meters=30, columns="mac,timestamp,consumption_wh,power_w")


def test_undoing_the_labels_of_a_lake_gives_the_clean_files(faulty: Asked) -> None:
    generate(faulty, Event())
    labels = read_labels(faulty.lake)
    clean = file_bytes(faulty)
    missing = {label["file"] for label in labels if label["kind"] == "file_missing"}
    assert undo(read_objects(faulty.lake), labels) == {
        name: data for name, data in clean.items() if name not in missing
    }
    assert len({label["kind"] for label in labels}) == 9


def test_duckdb_counts_what_the_labels_say(faulty: Asked) -> None:
    """Of each file: all rows, less the dropped and damaged ones, more the duplicates; twice when its batch is."""
    generate(faulty, Event())
    labels = read_labels(faulty.lake)
    count = Counter((label["kind"], label["file"]) for label in labels)
    expected = {}
    for name, data in file_bytes(faulty).items():
        rows = data.count(b"\n") + count["duplicate", name]
        rows -= sum(count[kind, name] for kind in ("drop", "corrupt", "partial_line"))
        expected[name] = 0 if count["file_missing", name] else rows * (2 if count["batch_twice", name] else 1)
    readings = (
        f"read_json('{faulty.lake}/dt=*/*.json', format = 'newline_delimited', ignore_errors = true, filename = true,"
        " columns = {mac: 'VARCHAR', timestamp: 'TIMESTAMP', power_w: 'INTEGER'})"
    )
    with duckdb.connect() as connection:
        found = dict(
            connection.sql(
                f"SELECT regexp_extract(filename, 'dt=[^.]*') || '.json', count(timestamp) FROM {readings} GROUP BY ALL"
            ).fetchall()
        )
        distinct = connection.sql(
            f"SELECT count(*) FROM (SELECT DISTINCT mac, timestamp FROM {readings} WHERE timestamp IS NOT NULL)"
        ).fetchall()
    assert found == {name: rows for name, rows in expected.items() if not count["file_missing", name]}
    whole = sum(data.count(b"\n") for name, data in file_bytes(faulty).items() if not count["file_missing", name])
    lost = sum(1 for label in labels if label["kind"] in ("drop", "corrupt", "partial_line"))
    assert distinct == [(whole - lost,)]


def test_manifests_and_figures_agree_with_what_was_delivered(faulty: Asked) -> None:
    figures = generate(faulty, Event())
    delivered = read_objects(faulty.lake)
    entries = [
        orjson.loads(line)
        for path in sorted((faulty.lake / layout.MANIFESTS).rglob("*.ndjson"))
        for line in path.read_bytes().splitlines()
    ]
    assert sorted(entry["name"] for entry in entries) == sorted(delivered)
    for entry in entries:
        content = delivered[entry["name"]]
        assert (entry["bytes"], entry["rows"]) == (len(content), len(content.splitlines()))
        assert int(entry["crc32c"], 16) == google_crc32c.value(content)
    assert (figures.files, figures.bytes) == (len(delivered), sum(map(len, delivered.values())))
    assert figures.readings == sum(len(content.splitlines()) for content in delivered.values())
    assert len({entry["name"].count(".") for entry in entries}) == 3
    staging = faulty.staging_dir
    assert staging is not None
    assert [path.name for path in staging.iterdir()] == ["wattif.lock"]


def test_every_table_of_labels_is_there_in_both_formats(faulty: Asked) -> None:
    generate(faulty, Event())
    tables = sorted((faulty.lake / layout.FAULT_LABELS).rglob("*.ndjson"))
    assert len(list((faulty.lake / layout.FAULT_LABELS).rglob("*.*"))) == 2 * len(tables)
    for table in tables:
        lines = [orjson.loads(line) for line in table.read_bytes().splitlines()]
        kind = table.parent.parent.name
        assert {line["kind"] for line in lines} == {kind}
        assert {line["file"].split("/")[0] for line in lines} == {table.parent.name}
        rows = pq.read_table(table.with_suffix(".parquet"), partitioning=None).to_pylist()
        assert [row["file"] for row in rows] == [line["file"] for line in lines]
        assert [row["original"] for row in rows] == [line["original"] for line in lines]


def test_threads_change_no_object(settings: Asking, faulty: Asked, tmp_path: Path) -> None:
    generate(faulty, Event())
    many = settings(
        faults=FAULTS, meters=30, columns=faulty.columns, write_workers=8, upload_workers=4, lake=tmp_path / "many"
    )
    generate(many, Event())
    assert objects(many.lake) == objects(faulty.lake)


def test_what_an_earlier_run_left_is_made_again_with_its_labels(faulty: Asked) -> None:
    """A run that ended after files were sealed and some of them delivered, before the manifest was written."""
    generate(faulty, Event())
    whole = objects(faulty.lake)
    fingerprint = orjson.loads((faulty.lake / layout.DATASET).read_bytes())["fingerprint"]
    assert faulty.staging_dir is not None
    manifest = faulty.lake / layout.manifest_name(date(2024, 1, 1), 0)
    for entry in map(orjson.loads, manifest.read_bytes().splitlines()[1:]):
        sealed = faulty.staging_dir / fingerprint[:16] / f"{entry['name']}.crc32c-{entry['crc32c']}"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        (faulty.lake / entry["name"]).replace(sealed)
    manifest.unlink()
    for table in (faulty.lake / layout.FAULT_LABELS).rglob("dt=2024-01-01/000000.*"):
        table.unlink()
    generate(faulty, Event())
    assert objects(faulty.lake) == whole
    assert not list(faulty.staging_dir.rglob("readings*"))


class NoManifests(LocalStore):
    """A lake that breaks down whenever a batch is to be committed."""

    def put_bytes(self, name: str, content: bytes, guard: Guard | None = None) -> None:
        if name.startswith(layout.MANIFESTS):
            raise LakeError("broken")
        super().put_bytes(name, content, guard)


def test_labels_are_there_before_their_batch_is_committed(faulty: Asked) -> None:
    with pytest.raises(LakeError, match="broken"):
        generate(faulty, Event(), NoManifests(faulty.lake))
    assert read_labels(faulty.lake)
    early = objects(faulty.lake)
    generate(faulty, Event())
    assert early.items() <= objects(faulty.lake).items()


def test_leftovers_of_committed_batches_are_removed(faulty: Asked) -> None:
    generate(faulty, Event())
    fingerprint = orjson.loads((faulty.lake / layout.DATASET).read_bytes())["fingerprint"]
    assert faulty.staging_dir is not None
    for name, content in read_objects(faulty.lake).items():
        sealed = faulty.staging_dir / fingerprint[:16] / f"{name}.crc32c-{google_crc32c.value(content):08x}"
        sealed.parent.mkdir(parents=True, exist_ok=True)
        sealed.write_bytes(content)
    generate(faulty, Event())
    assert not list(faulty.staging_dir.rglob("readings*"))


@pytest.mark.parametrize("faults", ["duplicate=1,batch_twice=1,schema_drift=2024-01-01", "late=1,batch_twice=1"])
def test_the_smallest_staging_limit_is_enough(settings: Asking, faults: str) -> None:
    needed = staging_needed([Plan.of(settings(faults=faults))], 2)
    asked = settings(faults=faults, meters=30, staging_limit=needed)
    figures = generate(asked, Event())
    assert figures.readings == 2 * 30 * 288 * (4 if "duplicate" in faults else 2)


def test_nothing_arrives_at_all(settings: Asking) -> None:
    asked = settings(faults="file_missing=1")
    figures = generate(asked, Event())
    assert (figures.files, figures.readings, figures.batches) == (0, 0, 4)
    assert read_objects(asked.lake) == {}
    assert {label["file"] for label in read_labels(asked.lake)} == set(file_bytes(asked))
    assert generate(asked, Event()).batches_skipped == 4


def test_without_faults_the_lake_is_the_clean_one(settings: Asking) -> None:
    asked = settings(faults="none")
    generate(asked, Event())
    assert read_objects(asked.lake) == file_bytes(asked)
    assert not (asked.lake / layout.FAULT_LABELS).exists()


def test_a_bucket_gets_the_same_objects(faulty: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(faulty, Event())
    with GcsServer(buckets=["lake"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        generate(faulty.model_copy(update={"bucket": "lake"}), Event())
        there = {name: unclaimed(name, item.content) for name, item in server.objects("lake").items()}
    stored = {name: hashlib.sha256(content).hexdigest() for name, content in there.items()}
    assert {name: digest for name, digest in stored.items() if not tells_of_a_run(name)} == objects(faulty.lake)
