"""What a local lake says of its objects."""

from __future__ import annotations

from pathlib import Path

import google_crc32c
import pytest

from wattif.uploader.local import LocalStore

NAMES = [
    "dt=2024-01-01-copy/a.json",
    "dt=2024-01-01/a.json",
    "dt=2024-01-01/b.json",
    "dt=2024-01-01/sub/c.json",
    "dt=2024-01-02/a.json",
    "dt=2024-01-02/b.json.1.part",  # a stranger's, whatever it is
]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    for number, name in enumerate(reversed([*NAMES, "_wattif/dataset.json", "_wattif/x/dt=1"])):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode() * number)
    return LocalStore(tmp_path)


def test_checksums_that_nobody_asked_for_are_not_computed(store: LocalStore) -> None:
    found = list(store.list_objects("dt=2024-01-01/", checksums=False))
    assert [each.name for each in found] == NAMES[1:4]
    assert {each.crc32c for each in found} == {-1}


def test_more_objects_than_threads_take_at_once_keep_their_order(tmp_path: Path) -> None:
    (tmp_path / "dt=1").mkdir()
    names = [f"dt=1/{number:05d}" for number in range(1000)]
    for name in names:
        (tmp_path / name).write_bytes(name.encode())
    found = list(LocalStore(tmp_path).list_objects("dt="))
    assert [each.name for each in found] == names
    assert all(each.crc32c == google_crc32c.value(each.name.encode()) for each in found)


def test_an_object_is_opened_or_there_is_none(store: LocalStore, tmp_path: Path) -> None:
    with store.open_object(NAMES[0]) or pytest.fail("there is one") as file:
        assert file.read() == (tmp_path / NAMES[0]).read_bytes()
    for name in ("gone", "dt=2024-01-02", f"{NAMES[0]}/below"):
        assert store.open_object(name) is None
