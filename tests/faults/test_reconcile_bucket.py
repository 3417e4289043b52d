"""A lake in a bucket, damaged on the server: the listing's sizes and checksums tell, and so do the rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import google_crc32c
import orjson
import pytest

from tests.fakes.gcs_faults import Answer
from tests.fakes.gcs_server import GcsServer
from tests.reconciling import make_lake, report_of
from wattif.errors import LakeError
from wattif.uploader.gcs import GcsStore

FILE = "dt=2024-01-02/readings-00000003-00000005.json"
MANIFEST = "_wattif/manifest/dt=2024-01-02/000000.ndjson"
PLACE = ["--bucket", "lake", "--prefix", "city"]
quick_and_deep = pytest.mark.parametrize("deep", [[], ["--deep"]], ids=["quick", "deep"])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_lake(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def server(whole: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsServer]:
    """The lake below ``city/``, in a bucket that lists three objects a page."""
    with GcsServer(["lake", "empty"], page_size=3) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        for path in whole.rglob("*"):
            if path.is_file():
                server.put("lake", f"city/{path.relative_to(whole).as_posix()}", path.read_bytes())
        yield server


def _content(server: GcsServer, name: str) -> bytes:
    return server.objects("lake")[f"city/{name}"].content


@quick_and_deep
def test_a_clean_lake_gives_no_alarm(server: GcsServer, deep: list[str]) -> None:
    report = report_of(*PLACE, *deep)
    assert report.differences == []
    assert (report.summary["objects"], report.summary["place"]) == (8, "gs://lake/city")


def test_the_quick_look_reads_no_readings(server: GcsServer) -> None:
    report_of(*PLACE)
    assert server.count("media", "city/dt=") == 0
    assert server.count("media", "city/_wattif/manifest/") == 4


@quick_and_deep
def test_damage_is_found(server: GcsServer, deep: list[str]) -> None:
    content = _content(server, FILE)
    server.put("lake", f"city/{FILE}", content.replace(b'"status":  0', b'"status":  1', 1))
    server.put("lake", "city/dt=2024-01-01/stranger", b"x")
    server.put("lake", "city/dt=2024-01-02/copy", content)
    server.buckets.delete("lake", f"city/{MANIFEST.replace('000000', '000001')}")
    report = report_of(*PLACE, *deep)
    row = orjson.loads(content.splitlines()[0])
    hour = "2024-01-02T00:00:00Z"
    altered = ("altered", FILE, "status", row["mac"], hour) if deep else ("altered", FILE, "crc32c", None, None)
    assert report.told("verdict", "place", "column", "mac", "hour") == sorted(
        [
            altered,
            ("doubled", "dt=2024-01-02/copy", None, None, None),
            ("extra", "dt=2024-01-01/stranger", None, None, None),
            ("missing", MANIFEST.replace("000000", "000001"), None, None, None),
        ],
        key=str,
    )


def test_an_object_and_its_manifest_changed_together(server: GcsServer) -> None:
    changed = _content(server, FILE).replace(b'"status":  0', b'"status":  1', 1)
    server.put("lake", f"city/{FILE}", changed)
    entries = [orjson.loads(line) for line in _content(server, MANIFEST).splitlines()]
    for entry in entries:
        if entry["name"] == FILE:
            entry["crc32c"] = f"{google_crc32c.value(changed):08x}"
    server.put("lake", f"city/{MANIFEST}", b"".join(orjson.dumps(entry) + b"\n" for entry in entries))
    assert report_of(*PLACE).differences == []
    assert report_of(*PLACE, "--deep").told("place", "column") == [(FILE, "status")]


def test_a_bucket_without_a_dataset(server: GcsServer) -> None:
    with pytest.raises(LakeError, match=r"gs://empty: _wattif/dataset\.json is not there"):
        report_of("--bucket", "empty")
    with pytest.raises(LakeError, match="there is no such bucket"):
        report_of("--bucket", "nowhere")


@pytest.mark.parametrize("kind", ["list", "media"])
def test_a_server_that_refuses_is_one_line(server: GcsServer, kind: str) -> None:
    server.add_fault(Answer(403), kind, "city/dt=" if kind == "list" else "city/_wattif/manifest/", None)
    with pytest.raises(LakeError, match=r"access denied \(403\)") as raised:
        report_of(*PLACE)
    assert "\n" not in str(raised.value)


def test_the_listing_tells_names_sizes_and_checksums(server: GcsServer, whole: Path) -> None:
    store = GcsStore("lake", "city", threads=2)
    found = [(each.name, each.size, each.crc32c) for each in store.list_objects("dt=")]
    assert found == [
        (path.relative_to(whole).as_posix(), path.stat().st_size, google_crc32c.value(path.read_bytes()))
        for path in sorted(whole.glob("dt=*/*"))
    ]
    opened = store.open_object(FILE)
    assert opened is not None
    assert opened.read() == (whole / FILE).read_bytes()
    assert store.open_object("dt=2024-01-02/none") is None
    store._client.close()
