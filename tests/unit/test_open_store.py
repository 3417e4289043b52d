"""A lake is opened from its address."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.gcs_server import GcsServer
from wattif.errors import UsageError
from wattif.lake.open import open_store
from wattif.uploader.retrying import duration


@pytest.mark.parametrize("form", ["{}", "file:{}", "file://{}"])
@pytest.mark.parametrize("name", ["lake", "a lake", "gs:", "50%20off", "100%", "Zähler"])
def test_a_folder_is_named_by_its_path_or_url(tmp_path: Path, form: str, name: str) -> None:
    store = open_store(form.format(tmp_path / name))
    store.put_bytes("x", b"1")
    assert (tmp_path / name / "x").read_bytes() == b"1"
    assert store.place == str(tmp_path / name)


def test_a_path_may_be_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("one", "file:two", Path("three")):
        open_store(url).put_bytes("x", b"1")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "three", "two"]


@pytest.mark.parametrize(
    ("url", "name"), [("gs://lake", "x"), ("gs://lake/", "x"), ("gs://lake/raw/city/", "raw/city/x")]
)
def test_a_bucket_is_named_by_its_url(monkeypatch: pytest.MonkeyPatch, url: str, name: str) -> None:
    with GcsServer(["lake"]) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        store = open_store(url)
        store.put_bytes("x", b"1")
        assert list(server.objects("lake")) == [name]
        assert store.place == url.rstrip("/")


@pytest.mark.parametrize("url", ["gs://", "gs:///city", "s3://", "az:///city", "ftp://lake/city", "file://host/folder"])
def test_an_address_of_no_lake_is_refused_by_name(url: str) -> None:
    with pytest.raises(UsageError, match=url):
        open_store(url)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (10.4, "10 s"),
        (59.6, "1 min 0 s"),
        (374.2, "6 min 14 s"),
        (7325, "2 h 2 min 5 s"),
    ],
)
def test_spans_of_time_are_told_in_minutes_and_seconds(seconds: float, words: str) -> None:
    assert duration(seconds) == words
