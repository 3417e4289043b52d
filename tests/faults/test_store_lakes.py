"""A lake in S3 or Azure from the first command to the last: made, compared, loaded, read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

import wattif
from tests.reconciling import report_of
from tests.stores import Place, Servers, place_of
from wattif.cli.main import exit_code
from wattif.errors import LakeError, UsageError
from wattif.lake import layout
from wattif.lake.open import open_store

DATASET = ["--start", "2024-01-01", "--end", "2024-01-02", "--meters", "40", "--interval", "300"]
FILES = ["--meters-per-file", "5", "--batch-files", "3", "-q"]
ENERGY = "SELECT count(*), sum(consumption_wh), min(timestamp), max(timestamp) FROM smart_meter_readings"


@pytest.fixture(params=["s3", "az"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    with place_of(request.param, tmp_path, servers) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(tmp_path)
        (tmp_path / "staging").mkdir()
        yield found


def test_a_lake_in_a_bucket_is_a_folders(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """Every verb finds in it what it finds in a folder."""
    lake = ["--lake", place.url]
    for here in (["--lake", "folder"], lake):
        assert exit_code(["generate", *DATASET, *FILES, "--staging-dir", "staging", *here]) == 0
    for arguments in (
        ["reconcile", *lake],
        ["reconcile", *lake, "--deep"],
        ["expect", *lake],
        ["expect", "--lake", "folder"],
        ["load", *lake, "--database", "bucket.duckdb"],
        ["load", "--lake", "folder", "--database", "folder.duckdb"],
        ["reconcile", *lake, "--database", "bucket.duckdb", "--table", "smart_meter_readings"],
        ["grid", *lake, "--output-dir", "grid-of-bucket"],
        ["grid", "--lake", "folder", "--output-dir", "grid-of-folder"],
    ):
        assert exit_code(arguments) == 0, (arguments, capsys.readouterr().err)
    expected = {path.name: path.read_bytes() for path in Path("folder/_wattif/expected").rglob("*") if path.is_file()}
    assert expected
    stored = place.objects()
    assert {
        name.rpartition("/")[2]: stored[name] for name in stored if name.startswith("_wattif/expected/")
    } == expected
    loaded = []
    for database in ("bucket.duckdb", "folder.duckdb"):
        with duckdb.connect(database) as connection:
            loaded.append(connection.execute(ENERGY).fetchall())
    assert loaded[0] == loaded[1]
    assert loaded[0][0][0] == 2 * 40 * 288
    grids = [
        {path.name: path.read_bytes() for path in Path(name).rglob("*.csv")}
        for name in ("grid-of-bucket", "grid-of-folder")
    ]
    assert grids[0] == grids[1] != {}
    assert wattif.open(place.url).status().complete
    assert wattif.open(place.url).spec == wattif.open("folder").spec


def test_an_object_that_somebody_replaced_is_found(place: Place) -> None:
    small = ["--start", "2024-01-01", "--end", "2024-01-01", "--meters", "10", "--interval", "3600", "-q"]
    assert exit_code(["generate", *small, "--staging-dir", "staging", "--lake", place.url]) == 0
    name, content = next((name, text) for name, text in place.objects().items() if name.startswith("dt="))
    place.put(name, content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    assert {difference["place"] for difference in report_of("--lake", place.url).differences} == {name}


@pytest.mark.parametrize(
    ("url", "variables", "said"),
    [
        ("s3://some-lake", {}, "s3://some-lake: no credentials (none found); set AWS_ACCESS_KEY_ID and "),
        (
            "s3://some-lake",
            {"AWS_PROFILE": "nobody"},
            "no credentials (The config profile (nobody) could not be found)",
        ),
        ("az://some-lake", {}, "az://some-lake: no credentials (Account must be specified"),
        ("s3://some-lake", {"AWS_ENDPOINT_URL": "http://store.example"}, "sends data and credentials unencrypted"),
        (
            "az://some-lake",
            {"AZURE_STORAGE_ENDPOINT": "http://store.example"},
            "sends data and credentials unencrypted",
        ),
    ],
)
def test_a_store_that_cannot_be_reached_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, variables: dict[str, str], said: str
) -> None:
    for name, value in {
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        **variables,
    }.items():
        monkeypatch.setenv(name, value)
    if "no credentials" in said:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises((LakeError, UsageError)) as failure:
        open_store(url)
    assert said in str(failure.value)
    assert "\n" not in str(failure.value)


def test_files_land_by_a_plan_and_a_second_run_goes_on(place: Place) -> None:
    """The anchor of the schedule is a conditional write; two shards and a run that comes late agree on it."""
    by_plan = [*DATASET, *FILES, "--staging-dir", "staging", "--lake", place.url, "--arrive", "x172800"]
    assert exit_code(["generate", *by_plan, "--shard", "1/2"]) == 0
    store = open_store(place.url)
    anchor = store.get_bytes(layout.ANCHOR)
    assert exit_code(["generate", *by_plan]) == 0
    assert store.get_bytes(layout.ANCHOR) == anchor
    assert exit_code(["generate", *DATASET, *FILES, "--staging-dir", "staging", "--lake", "folder"]) == 0
    names = list(store.list("dt="))
    assert names == list(open_store("folder").list("dt="))
    assert all(store.get_bytes(name) == Path("folder", name).read_bytes() for name in names)
    landed = list(store.list(layout.ARRIVALS))
    assert len([name for name in landed if "/dt=" in name]) == len(list(store.list(layout.MANIFESTS)))
