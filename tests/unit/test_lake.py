"""Names of objects, identity of a dataset, manifests, and the claim of a place."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import orjson
import pytest

from tests.asking import Asked
from wattif.cli.stored import stored_options
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.claim import claim
from wattif.lake.identity import Identity
from wattif.lake.manifest import Committed, ManifestEntry, read_manifest, write_manifest
from wattif.model.scenario import world_of
from wattif.tables import fault_labels
from wattif.tables.fault_labels import partition_of
from wattif.tables.meters import TABLE as METERS
from wattif.tables.readings import TABLE as READINGS
from wattif.tables.unit import Unit
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.local import LocalStore, file_crc32c
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import Conflict, Guard, SealedFile

DAY = date(2024, 1, 31)
FIRST_FILE = "dt=2024-01-31/readings-00000000-00000001.json"


def test_names() -> None:
    unit = Unit("readings", "2024-01-31", 0, 20)
    assert layout.unit_name(READINGS, unit, ".json") == "dt=2024-01-31/readings-00000000-00000019.json"
    assert layout.meter_readings_name(DAY, 0x021A7F003BC9, ".json") == "dt=2024-01-31/readings-021A7F003BC9.json"
    assert layout.late_name("dt=2024-01-31/readings-A.json", ".json") == "dt=2024-01-31/readings-A.late.json"
    assert (
        layout.again_name("dt=2024-01-31/readings-A.late.json", ".json") == "dt=2024-01-31/readings-A.late.again.json"
    )
    assert fault_labels.TABLE.object_name(partition_of("late", DAY, 12), ending="parquet") == (
        "_wattif/labels/faults/late/dt=2024-01-31/000012.parquet"
    )
    assert layout.manifest_name(DAY, 12) == "_wattif/manifest/dt=2024-01-31/000012.ndjson"
    assert layout.parse_manifest_name(layout.manifest_name(DAY, 1_234_567)) == (DAY, 1_234_567)
    assert layout.parse_manifest_name("_wattif/manifest/dt=2024-01-31/x.ndjson") is None
    assert layout.parse_manifest_name("_wattif/manifest/dt=2024-13-01/000000.ndjson") is None


MANIFEST = layout.manifest_name(DAY, 0)


def test_a_manifest_is_one_line_a_file() -> None:
    names = [FIRST_FILE, layout.meter_readings_name(DAY, 0x021A7F003BC9, ".json")]
    entries = [ManifestEntry(names[0], 10, 2, "0000002a", 0, 1), ManifestEntry(names[1], 0, 0, "ffffffff", 2, 2)]
    content = write_manifest(entries)
    assert [orjson.loads(line)["rows"] for line in content.splitlines()] == [2, 0]
    assert read_manifest(content, MANIFEST) == entries


@pytest.mark.parametrize("content", [b"{", b'{"name":"a"}\n', b"[]\n", b"[" * 100_000])
def test_a_damaged_manifest_is_named(content: bytes) -> None:
    with pytest.raises(LakeError, match=rf"lake/{MANIFEST}: not a manifest"):
        read_manifest(content, MANIFEST, "lake")


@pytest.mark.parametrize(
    "change",
    [
        {"bytes": -1},
        {"rows": 2**63},
        {"rows": 1.0},
        {"crc32c": "0x00002a"},
        {"crc32c": "2A"},
        {"first_meter": "0"},
        {"name": ["a"]},
        {"name": None},
    ],
    ids=str,
)
def test_a_manifest_of_other_types_or_ranges_is_named(change: dict[str, object]) -> None:
    entry = {"name": FIRST_FILE, "bytes": 10, "rows": 2, "crc32c": "0000002a"}
    line = orjson.dumps({**entry, "first_meter": 0, "last_meter": 1, **change})
    with pytest.raises(LakeError, match=f"{MANIFEST}: not a manifest .*{next(iter(change))} has a wrong value"):
        read_manifest(line, MANIFEST)


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/passwd",
        "/etc/passwd",
        "dt=2024-01-31/../../readings-00000000-00000001.json",
        "dt=2024-01-31/readings-00000000-00000001.json/../../../etc/passwd",
        "dt=2024-01-31/readings-00000000-00000001.../x.json",
        "dt=2024-01-30/readings-00000000-00000001.json",
        "dt=2024-01-31/readings-00000000-00000002.json",
        "dt=2024-01-31/readings-021A7F003BC9.json",
        "dt=2024-01-31/readings-00000000-00000001.late.late.json.x",
        "dt=2024-01-31/readings-00000000-00000001.json\n",
        "dt=2024-01-31/readings-00000000-00000001.JSON",
        "dt=2024-01-31/transformers-00000000-00000001.json",
        "_wattif/meters.parquet",
        "_wattif/dataset.json",
        "gs://other/dt=2024-01-31/readings-00000000-00000001.json",
        "readings-00000000-00000001.json",
        "",
    ],
)
def test_a_name_that_the_layout_does_not_give_is_refused(name: str) -> None:
    content = write_manifest([ManifestEntry(name, 10, 2, "0000002a", 0, 1)])
    with pytest.raises(LakeError, match=rf"{MANIFEST}: not a manifest \(.* is no file of meters 0 to 1 of readings"):
        read_manifest(content, MANIFEST)


@pytest.mark.parametrize("ending", [".json", ".late.json", ".again.json", ".late.again.json", ".parquet", ".json.gz"])
def test_all_that_a_unit_delivers_may_be_named(ending: str) -> None:
    name = f"dt=2024-01-31/readings-00000000-00000001{ending}"
    content = write_manifest([ManifestEntry(name, 10, 2, "0000002a", 0, 1)])
    assert [entry.name for entry in read_manifest(content, MANIFEST)] == [name]


def test_committed_batches_are_those_with_a_manifest(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    for day, batch in ((date(2024, 1, 1), 1), (date(2024, 1, 3), 0), (date(2024, 2, 1), 0), (date(2023, 12, 31), 0)):
        store.put_bytes(layout.manifest_name(day, batch), b"")
    committed = Committed(store, date(2024, 1, 1), 3, 2)
    assert [position for position in range(6) if position in committed] == [1, 4]
    assert len(committed) == 2


def test_a_manifest_beyond_the_days_batches_is_refused(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_bytes(layout.manifest_name(DAY, 7), b"")
    with pytest.raises(LakeError, match="has only 2 batches"):
        Committed(store, DAY, 1, 2)


def _dataset(settings: Callable[..., Asked], **changes: object) -> Identity:
    asked = settings(**changes)
    return Identity.of(asked, world_of(asked).cities)


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 1},
        {"meters": 11},
        {"interval": 60},
        {"columns": "mac"},
        {"meters_per_file": 4},
        {"batch_files": 3},
        {"start": "2023-12-01"},
        {"anomaly_rate": 0.1},
        {"faults": "drop=0.1"},
    ],
)
def test_whatever_changes_bytes_or_objects_changes_the_fingerprint(
    settings: Callable[..., Asked], change: dict[str, object]
) -> None:
    same, other = _dataset(settings), _dataset(settings, **change)
    assert same.fingerprint != other.fingerprint
    assert same.differences(same.to_json(), "lake") == []
    assert len(same.differences(other.to_json(), "lake")) == 1


def test_the_last_day_and_the_threads_do_not_change_the_fingerprint(settings: Callable[..., Asked]) -> None:
    other = _dataset(settings, end="2025-06-30", write_workers=7, staging_limit="1GiB", start="2024-01-02")
    assert _dataset(settings).fingerprint == other.fingerprint


def test_with_anomalies_the_last_day_belongs_to_the_identity(settings: Callable[..., Asked]) -> None:
    """They are spread over the days; how their kinds are written does not matter."""
    one = _dataset(settings, anomaly_rate=0.1, anomalies="spike=2,dead=1")
    assert one.fingerprint == _dataset(settings, anomaly_rate=0.1, anomalies="dead, spike=2").fingerprint
    assert (
        one.fingerprint != _dataset(settings, anomaly_rate=0.1, anomalies="dead,spike=2", end="2024-01-03").fingerprint
    )
    assert _dataset(settings, anomaly_rate=0.1).anomalies == "0.1 from 2024-01-01 to 2024-01-02: all"
    assert _dataset(settings, anomalies="none", anomaly_rate=0.5).fingerprint == _dataset(settings).fingerprint


def test_a_claim_remembers_what_was_asked_for_and_the_widest_span(
    settings: Callable[..., Asked], tmp_path: Path
) -> None:
    store = RetryingStore(LocalStore(tmp_path / "lake"))
    claim(store, _dataset(settings, start="2024-01-03", end="2024-01-05"), overwrite=False)
    claim(store, _dataset(settings, start="2024-01-02", end="2024-01-04"), overwrite=False)
    stored, where = stored_options({"lake": str(tmp_path / "lake")})
    assert where == f"{tmp_path}/lake/_wattif/dataset.json"
    assert (stored["start"], stored["end"], stored["meters"]) == ("2024-01-02", "2024-01-05", 10)
    assert "lake" not in stored
    days = {"start": "2024-01-01", "end": "2024-01-02"}
    assert stored_options({"lake": str(tmp_path / "other"), **days})[0] == {}
    assert stored_options({"bucket": "NOT A NAME"})[0] == {}
    with pytest.raises(LakeError, match=r"_wattif/dataset.json is not there; give the place of the dataset"):
        stored_options({"lake": str(tmp_path / "other")})


def test_a_dataset_written_before_there_were_anomalies_goes_on(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store, dataset = RetryingStore(LocalStore(tmp_path / "lake")), _dataset(settings)
    older = orjson.loads(dataset.to_json())
    for name in ("anomalies", "faults", "options"):
        del older[name]
    store.put_bytes(layout.DATASET, orjson.dumps(older))
    claim(store, dataset, overwrite=False)
    with pytest.raises(LakeError, match=r"faults is 'none' there and 'drop=0\.5' here"):
        claim(store, _dataset(settings, faults="drop=0.5"), overwrite=False)


def _names(store: RetryingStore) -> list[str]:
    """All objects but the records of claims."""
    return sorted(name for name in store.list("") if not name.startswith(layout.CLAIMS))


def test_an_empty_place_is_claimed_and_claimed_again(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store, dataset = RetryingStore(LocalStore(tmp_path / "lake")), _dataset(settings)
    claim(store, dataset, overwrite=False)
    claim(store, dataset, overwrite=False)
    document = orjson.loads(store.get_bytes(layout.DATASET) or b"")
    assert document["fingerprint"] == dataset.fingerprint
    assert document["seed"] == 42


def test_another_dataset_is_refused_by_its_differences(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store = RetryingStore(LocalStore(tmp_path / "lake"))
    claim(store, _dataset(settings), overwrite=False)
    with pytest.raises(
        LakeError, match="holds another dataset: seed is 42 there and 1 here; meters is 10 there and 20 here"
    ):
        claim(store, _dataset(settings, seed=1, meters=20), overwrite=False)


def test_overwriting_removes_the_other_dataset_and_nothing_else(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store, other = RetryingStore(LocalStore(tmp_path / "lake")), _dataset(settings, seed=1)
    claim(store, _dataset(settings), overwrite=False)
    main = FIRST_FILE
    late = layout.late_name(main, ".json")
    own = [layout.manifest_name(DAY, 0), main, METERS.object_name(), late, layout.again_name(main, ".json")]
    own += [layout.again_name(late, ".json"), fault_labels.TABLE.object_name(partition_of("late", DAY, 0))]
    for name in (*own, "dt=2024-01-31/notes.txt", "readme.txt"):
        store.put_bytes(name, b"x")
    claim(store, other, overwrite=True)
    assert _names(store) == [layout.DATASET, "dt=2024-01-31/notes.txt", "readme.txt"]
    claim(store, other, overwrite=False)
    assert orjson.loads(store.get_bytes(layout.DATASET) or b"")["claim_epoch"] == 2


def test_strangers_partitions_are_refused(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store = RetryingStore(LocalStore(tmp_path / "lake"))
    store.put_bytes("dt=2024-01-01/part-0.parquet", b"x")
    with pytest.raises(
        LakeError, match=r"which no _wattif/dataset\.json claims; use another `lake` or `prefix`, or remove it"
    ):
        claim(store, _dataset(settings), overwrite=True)


def test_own_partitions_without_their_claim_are_replaced_on_demand(
    settings: Callable[..., Asked], tmp_path: Path
) -> None:
    store, own = RetryingStore(LocalStore(tmp_path / "lake")), FIRST_FILE
    store.put_bytes(own, b"x")
    with pytest.raises(LakeError, match="replace it with `overwrite`"):
        claim(store, _dataset(settings), overwrite=False)
    claim(store, _dataset(settings), overwrite=True)
    assert _names(store) == [layout.DATASET]


@pytest.mark.parametrize("lost", [False, True])
def test_nothing_is_removed_once_the_claim_is_lost(tmp_path: Path, lost: bool) -> None:
    store, asked = LocalStore(tmp_path), []
    store.put_bytes("a", b"x")

    def guard() -> None:
        asked.append(store.get_bytes("a"))
        if lost:
            raise Conflict("lost")

    with pytest.raises(Conflict) if lost else contextlib.nullcontext():
        store.delete(["a"], guard)
    assert asked == [b"x"]
    assert list(store.list("")) == (["a"] if lost else [])


def test_a_replaced_dataset_loses_its_manifests_first(
    settings: Callable[..., Asked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that whatever interrupts it, no batch that lost a file still counts as committed."""
    inner = LocalStore(tmp_path / "lake")
    store = RetryingStore(inner)
    claim(store, _dataset(settings), overwrite=False)
    for name in (layout.manifest_name(DAY, 0), FIRST_FILE):
        store.put_bytes(name, b"x")
    calls = iter(range(10))

    def fail_at_the_second(names: Sequence[str], guard: Guard | None = None) -> None:
        if next(calls) == 1:
            raise LakeError("interrupted")
        delete(names, guard)

    delete = inner.delete
    monkeypatch.setattr(inner, "delete", fail_at_the_second)
    with pytest.raises(LakeError, match="interrupted"):
        claim(store, _dataset(settings, seed=1), overwrite=True)
    assert _names(store) == [layout.DATASET, FIRST_FILE]


def test_a_damaged_claim_is_named(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store = RetryingStore(LocalStore(tmp_path / "lake"))
    store.put_bytes(layout.DATASET, b"{")
    with pytest.raises(LakeError, match=r"dataset\.json cannot be read"):
        claim(store, _dataset(settings), overwrite=False)
    claim(store, _dataset(settings), overwrite=True)
    claim(store, _dataset(settings), overwrite=False)


def test_a_run_that_lost_the_lake_writes_nothing_more(settings: Callable[..., Asked], tmp_path: Path) -> None:
    store = RetryingStore(LocalStore(tmp_path / "lake"))
    loser = claim(store, _dataset(settings), overwrite=False)
    loser.put_bytes(METERS.object_name(), b"x")
    winner = claim(store, _dataset(settings, seed=1), overwrite=True)
    staged = tmp_path / "staged"
    staged.write_bytes(b"x")
    file = SealedFile(staged, FIRST_FILE, 1, file_crc32c(staged))
    told = r"was taken over by another dataset at \S+ on host \S+ \(process \d+\)"
    with pytest.raises(Conflict, match=told):
        BatchCommitter(loser).put([file])
    with pytest.raises(Conflict, match=told):
        loser.put_bytes(layout.manifest_name(DAY, 0), b"x")
    assert _names(store) == [layout.DATASET]
    winner.put_files([file])
    assert _names(store) == [layout.DATASET, FIRST_FILE]


def test_a_claim_that_was_killed_while_it_removed_the_other_dataset_begins_anew(
    settings: Callable[..., Asked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The manifests of the former dataset must not count for the new one."""
    inner = LocalStore(tmp_path / "lake")
    store = RetryingStore(inner)
    claim(store, _dataset(settings), overwrite=False)
    store.put_bytes(layout.manifest_name(DAY, 0), b"x")
    with monkeypatch.context() as patched:
        patched.setattr(inner, "delete", lambda names, guard=None: (_ for _ in ()).throw(LakeError("killed")))
        with pytest.raises(LakeError, match="killed"):
            claim(store, _dataset(settings, seed=1), overwrite=True)
    assert layout.manifest_name(DAY, 0) in _names(store)
    claim(store, _dataset(settings, seed=1), overwrite=False)
    assert _names(store) == [layout.DATASET]
    document = orjson.loads(store.get_bytes(layout.DATASET) or b"")
    assert (document["claim_epoch"], document.get("clearing")) == (
        3,
        None,
    )  # after the one that was interrupted, which is fenced out if it is alive
