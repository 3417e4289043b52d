"""Nothing deleted before it is confirmed: the staging folder, its lock, and what an earlier run left in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import google_crc32c
import pytest

from wattif.engine.private import prepare_folder
from wattif.engine.staging import Staging
from wattif.errors import Interrupted, StagingError
from wattif.uploader.store import SealedFile, StoredObject

FINGERPRINT = "0123456789abcdef" * 4
NAME = "dt=2024-01-01/readings-00000000-00000019.json"
CONTENT = b'{"power_w":1}\n' * 100


def _seal(staging: Staging, content: bytes = CONTENT) -> SealedFile:
    part = staging.create(NAME)
    part.write(memoryview(content))
    return part.seal()


def test_a_sealed_file_is_complete_and_says_its_checksum(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        file = _seal(staging)
    assert file.path.read_bytes() == CONTENT
    assert (file.name, file.size, file.crc32c) == (NAME, len(CONTENT), google_crc32c.value(CONTENT))
    assert file.path.name.endswith(f".crc32c-{google_crc32c.value(CONTENT):08x}")


def test_a_shorter_file_over_a_longer_one_is_just_as_long_as_it_is(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        long = _seal(staging)
        staging.discard(long, StoredObject(NAME, long.size, long.crc32c))
        assert [path.suffix for path in tmp_path.rglob("*.free")] == [".free"]
        short = _seal(staging, b"short\n")
        assert not list(tmp_path.rglob("*.free"))
        assert short.path.read_bytes() == b"short\n"


def test_a_seal_that_fails_closes_the_file_once(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        part = staging.create(NAME)
        part.write(memoryview(CONTENT))
        shutil.rmtree(tmp_path / FINGERPRINT[:16])
        with pytest.raises(FileNotFoundError):
            part.seal()
        with (tmp_path / "other").open("wb") as other:  # has the number that is free now
            part.abandon()
            other.write(b"still open")
    assert (tmp_path / "other").read_bytes() == b"still open"


def test_an_unfinished_file_is_not_visible_and_an_abandoned_one_is_gone(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        part = staging.create(NAME)
        part.write(memoryview(CONTENT))
        assert [path.suffix for path in tmp_path.rglob("readings*")] == [".part"]
        part.abandon()
        assert not list(tmp_path.rglob("readings*"))


def test_a_leftover_waits_until_a_manifest_names_it(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        sealed = _seal(staging)
    with Staging(tmp_path, FINGERPRINT) as staging:
        staging.discard_leftovers(["dt=2024-01-01/readings-00000020-00000039.json"])
        assert staging.leftovers == {NAME: sealed.path}
        assert sealed.path.exists()
        staging.discard_leftovers([NAME])
        assert not staging.leftovers
    assert [path.name for path in tmp_path.iterdir()] == ["wattif.lock"]


def test_a_file_that_is_produced_again_takes_the_place_of_its_leftover(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        _seal(staging)
    for content in (CONTENT, b"other bytes\n"):
        with Staging(tmp_path, FINGERPRINT) as staging:
            file = _seal(staging, content)
            staging.supersede(file)
            assert not staging.leftovers
            assert list(tmp_path.rglob("readings*")) == [file.path]
            assert file.path.read_bytes() == content


def test_unfinished_files_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    unfinished = tmp_path / FINGERPRINT[:16] / f"{NAME}.part"
    unfinished.parent.mkdir(parents=True)
    unfinished.write_bytes(CONTENT)
    with Staging(tmp_path, FINGERPRINT) as staging:
        assert not staging.leftovers
        assert not list(tmp_path.rglob("readings*"))


def test_files_of_another_dataset_are_left_alone_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Staging(tmp_path, "f" * 64) as staging:
        file = _seal(staging)
    with Staging(tmp_path, FINGERPRINT) as staging:
        assert not staging.leftovers
    assert file.path.exists()
    assert "files of another dataset (ffffffffffffffff)" in caplog.text


@pytest.mark.parametrize(("size", "crc32c"), [(1, None), (None, 7)])
def test_a_file_is_kept_when_the_lake_says_something_else(tmp_path: Path, size: int | None, crc32c: int | None) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        file = _seal(staging)
        receipt = StoredObject(NAME, size or file.size, crc32c or file.crc32c)
        with pytest.raises(StagingError, match="is kept"):
            staging.discard(file, receipt)
        assert file.path.exists()
        staging.discard(file, StoredObject(NAME, file.size, file.crc32c))
        assert not file.path.exists()


@pytest.mark.parametrize("name", [NAME, "_wattif/meters.parquet", "_wattif/air_quality/stations.parquet"])
def test_the_next_run_finds_what_a_killed_one_left_at_any_depth(tmp_path: Path, name: str) -> None:
    folder = tmp_path / FINGERPRINT[:16]
    (folder / name).parent.mkdir(parents=True)
    (folder / f"{name}.part").write_bytes(CONTENT)
    (folder / "_wattif/empty/below").mkdir(parents=True)
    with Staging(tmp_path, FINGERPRINT) as staging:
        assert not staging.leftovers
    assert [path.name for path in tmp_path.iterdir()] == ["wattif.lock"]


def test_a_run_that_may_wait_gets_the_folder_when_the_other_ends(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with Staging(tmp_path, FINGERPRINT):
            waits = pool.submit(Staging(tmp_path, FINGERPRINT, wait_s=60.0).__enter__)
            with pytest.raises(StagingError, match="is in use"):
                Staging(tmp_path, FINGERPRINT, wait_s=0.1).__enter__()
            assert not waits.done()
        waits.result().__exit__(None, None, None)
        stop = Event()
        with Staging(tmp_path, FINGERPRINT):
            waits = pool.submit(Staging(tmp_path, FINGERPRINT, wait_s=60.0, stop=stop).__enter__)
            stop.set()
            with pytest.raises(Interrupted):
                waits.result()


def test_two_runs_cannot_share_the_folder(tmp_path: Path) -> None:
    """The second one is told the first one's process; when the first one dies, the folder is free."""
    code = (
        "import os, sys, time\nfrom pathlib import Path\nfrom wattif.engine.staging import Staging\n"
        f"held = Staging(Path({str(tmp_path)!r}), {FINGERPRINT!r}).__enter__()\n"
        "print('locked', flush=True)\ntime.sleep(30)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        with pytest.raises(StagingError, match=f"in use by process {other.pid}; wait for it to end"):
            Staging(tmp_path, FINGERPRINT).__enter__()
        other.kill()
    with Staging(tmp_path, FINGERPRINT):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with pytest.raises(StagingError, match="no such folder; create it or name another"):
        prepare_folder(tmp_path / "nowhere", create=False)
    (tmp_path / "file").touch()
    with pytest.raises(StagingError, match="no such folder"):
        prepare_folder(tmp_path / "file" / "below", create=True)
    prepare_folder(tmp_path / "new", create=True)
    assert (tmp_path / "new").is_dir()


def test_empty_folders_are_tidied_and_full_ones_are_not(tmp_path: Path) -> None:
    with Staging(tmp_path, FINGERPRINT) as staging:
        file = _seal(staging)
    assert file.path.exists()
    with Staging(tmp_path, FINGERPRINT) as staging:
        staging.discard_leftovers([NAME])
    assert [path.name for path in tmp_path.iterdir()] == ["wattif.lock"]
