"""A staging disk that fills up: wait for uploads; when nothing can be freed, stop and keep what is sealed."""

from __future__ import annotations

import errno
import subprocess
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event

import pytest

from tests.asking import Asking, generate
from tests.lakes import file_bytes
from wattif.engine import staging
from wattif.errors import LakeError, StagingError
from wattif.uploader.local import LocalStore
from wattif.uploader.store import Guard, SealedFile, StoredObject

FILE = 3 * 288 * 230  # bytes of a file of three meters, about


class SlowStore(LocalStore):
    """A lake on another disk that lets the staging disk fill before each batch."""

    def put_files(self, files: Sequence[SealedFile], guard: Guard | None = None) -> list[StoredObject | LakeError]:
        threading.Event().wait(0.3)
        return super().put_files(files, guard)


def test_a_full_disk_is_waited_out_while_uploads_free_it(settings: Asking, small_disk: Callable[[int], Path]) -> None:
    asked = settings(staging_dir=small_disk(5 * FILE), meters=30, write_workers=3)
    figures = generate(asked, Event(), SlowStore(asked.lake))
    assert figures.files == 20
    assert {name: (asked.lake / name).read_bytes() for name in file_bytes(asked)} == file_bytes(asked)


def test_a_disk_that_nothing_will_free_stops_the_run_and_keeps_what_is_sealed(
    settings: Asking, small_disk: Callable[[int], Path]
) -> None:
    disk = small_disk(5 * FILE)
    asked = settings(staging_dir=disk, batch_files=8, meters=24)
    with pytest.raises(StagingError, match="the staging disk is full, and no upload will free space for"):
        generate(asked, Event())
    sealed = [path for path in disk.rglob("readings*") if ".crc32c-" in path.name]
    assert len(sealed) == len(list(disk.rglob("readings*"))) >= 4
    subprocess.run(["mount", "-o", f"remount,size={20 * FILE}", str(disk)], check=True)
    generate(asked, Event())
    assert {name: (asked.lake / name).read_bytes() for name in file_bytes(asked)} == file_bytes(asked)


def test_the_same_with_an_injected_error(settings: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be mounted: the third block that is written meets a full disk, and one from the tenth on.

    Two different files, because the second try of a file may be its last one.
    """
    writes, met = iter(range(1000)), set[str]()
    real = staging.Part.write

    def write(part: staging.Part, data: memoryview) -> None:
        if next(writes) >= (2, 9, 1000)[len(met)] and part._name not in met:
            met.add(part._name)
            raise OSError(errno.ENOSPC, "No space left on device")
        real(part, data)

    monkeypatch.setattr(staging.Part, "write", write)
    asked = settings(meters=30)
    generate(asked, Event(), SlowStore(asked.lake))
    assert len(met) == 2
    assert {name: (asked.lake / name).read_bytes() for name in file_bytes(asked)} == file_bytes(asked)


def test_another_disk_error_is_named(settings: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(part: staging.Part, data: memoryview) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(staging.Part, "write", fail)
    with pytest.raises(StagingError, match="Input/output error; correct this, then run the same command again"):
        generate(settings(), Event())
