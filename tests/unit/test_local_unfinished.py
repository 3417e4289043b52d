"""Runs that share a folder tidy up what killed ones left, while others write."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wattif.uploader.local import LocalStore
from wattif.uploader.local_folder import check_folder
from wattif.uploader.store import Refused


def test_a_run_that_tidies_up_takes_nothing_from_one_that_writes(tmp_path: Path) -> None:
    writer, tidier, done = LocalStore(tmp_path), LocalStore(tmp_path), threading.Event()

    def tidy() -> None:
        while not done.is_set():
            tidier.remove_unfinished()

    thread = threading.Thread(target=tidy)
    thread.start()
    try:
        for number in range(500):
            writer.put_bytes(f"_wattif/{number}", b"content")
    finally:
        done.set()
        thread.join()
    assert sum(path.is_file() for path in (tmp_path / "_wattif").iterdir()) == 500


@contextlib.contextmanager
def _coming_and_going(folder: Path) -> Iterator[None]:
    """Another run makes *folder* and removes it, all the time."""
    done = threading.Event()

    def come_and_go() -> None:
        while not done.is_set():
            folder.mkdir()
            with contextlib.suppress(FileNotFoundError):  # it is tidied up
                folder.rmdir()

    thread = threading.Thread(target=come_and_go)
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # the threads take turns as often as can be
    thread.start()
    try:
        yield
    finally:
        sys.setswitchinterval(interval_s)
        done.set()
        thread.join()


def test_a_folder_that_another_run_makes_at_this_moment_is_no_file(tmp_path: Path) -> None:
    said = set[str]()
    with _coming_and_going(tmp_path / "lake"):
        for _ in range(10_000):
            try:
                check_folder(tmp_path / "lake")
            except Refused as error:  # it is gone again
                said.add(str(error))
    assert not [text for text in said if "a file" in text]


def test_a_folder_that_another_run_has_tidied_up_leaves_nothing_to_do(tmp_path: Path) -> None:
    (tmp_path / "_wattif").mkdir()
    with _coming_and_going(tmp_path / "_wattif/unfinished"):
        for _ in range(10_000):
            assert LocalStore(tmp_path).remove_unfinished() == 0


def test_the_folder_may_go_while_it_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`Path.mkdir` fails when the folder is there at first, and no longer when it looks whether it is one."""
    store, mkdir, gone = LocalStore(tmp_path), Path.mkdir, list[Path]()

    def remove_meanwhile(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        if path.name == "unfinished" and not gone:
            gone.append(path)
            raise FileExistsError(path)
        mkdir(path, mode, parents, exist_ok)

    monkeypatch.setattr(Path, "mkdir", remove_meanwhile)
    store.put_bytes("a", b"content")
    assert store.get_bytes("a") == b"content"
    assert gone


def test_a_file_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "_wattif").mkdir()
    (tmp_path / "_wattif" / "unfinished").write_bytes(b"")
    with pytest.raises(Refused, match=r"exists|Not a directory"):
        LocalStore(tmp_path).put_bytes("a", b"content")
