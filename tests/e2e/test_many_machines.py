"""What cannot be where many machines make one lake: one line each, an exit code, and nothing written."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.gcs_faults import Answer
from tests.stores import SCHEMES, Place, Servers, place_of
from wattif.cli.main import exit_code
from wattif.engine.engines import dask

DATASET = ["--start", "2024-01-01", "--end", "2024-01-01", "--meters", "10", "--interval", "3600", "-q"]
BUCKETS = [scheme for scheme in SCHEMES if scheme != "folder"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "staging").mkdir()
    return tmp_path


@pytest.fixture
def place(
    request: pytest.FixtureRequest, home: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    with place_of(request.param, home, servers) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def _told(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, str]:
    """The exit code, and what was said, which is one line."""
    code = exit_code(["generate", *DATASET, "--staging-dir", "staging", *options])
    said = capsys.readouterr().err.removesuffix("\n")
    assert "\n" not in said
    return code, said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shard", "5/4"], "--shard 5/4: of 4 shards, there is no shard 5; they are numbered from 1"),
        (["--shard", "0/4"], "--shard 0/4: of 4 shards, there is no shard 0"),
        (["--shard", "auto"], "CLOUD_RUN_TASK_INDEX"),
        (["--engine", "dask://"], "--engine dask://: names no address"),
        (["--engine", "dask", "--shard", "1/2"], "--shard 1/2: an --engine makes the shards by itself"),
    ],
)
def test_what_is_no_share_of_the_work(
    options: list[str], said: str, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told = _told(capsys, "--lake", "lake", *options)
    assert (code, said in told) == (2, True), told
    assert not (home / "lake").exists()


def test_a_scheduler_that_does_not_answer(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask, "_ANSWER_S", 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        address = f"dask://127.0.0.1:{silent.getsockname()[1]}"
        code, told = _told(capsys, "--lake", "lake", "--engine", address)
    assert (code, f"--engine {address}: no scheduler answers" in told) == (3, True), told
    assert not (home / "lake").exists()


@pytest.mark.parametrize("place", BUCKETS, indirect=True)
def test_a_bucket_that_is_not_there(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    bucket = f"{place.scheme}://not-there"
    code, told = _told(capsys, "--lake", f"{bucket}/city")
    assert (code, f"{bucket}: there is no such bucket (404); create it with " in told) == (3, True), told
    assert place.objects() == {}


@pytest.mark.parametrize("place", BUCKETS, indirect=True)
def test_a_bucket_that_others_may_use(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert place.proxy
    place.proxy.add_fault(Answer(403), "write", times=None)
    code, told = _told(capsys, "--lake", place.url)
    assert (code, place.url in told, "denied" in told) == (3, True, True), told
    assert place.objects() == {}


@pytest.mark.parametrize("place", SCHEMES, indirect=True)
def test_two_datasets_at_one_place(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    assert _told(capsys, "--lake", place.url, "--shard", "1/2") == (0, "")
    before = place.objects()
    code, told = _told(capsys, "--lake", place.url, "--shard", "2/2", "--seed", "7")
    assert (code, "holds another dataset: seed is 42 there and 7 here." in told) == (3, True), told
    assert place.objects() == before
