"""Claims, manifests, lists and credentials of a lake in Cloud Storage, while server and network misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.gcs_faults import Answer, Corrupt, Fault, LoseAnswer, Reset, WrongChecksum
from tests.faults.gcs_lake import QUICK, Lake, assert_explains, open_lake
from wattif.errors import LakeError
from wattif.uploader.gcs import GcsStore
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import Unavailable


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """An empty lake."""
    with open_lake(tmp_path, monkeypatch) as lake:
        yield lake


def test_small_objects_come_back_as_they_were_written(lake: Lake) -> None:
    store = lake.store()
    store.put_bytes("_wattif/x", b"\x00first\r\n")
    assert store.get_bytes("_wattif/x") == b"\x00first\r\n"
    store.put_bytes("_wattif/x", b"")
    assert store.get_bytes("_wattif/x") == b""
    assert store.get_bytes("_wattif/y") is None
    assert list(lake.server.objects("lake")) == ["city/_wattif/x"]


def test_a_small_object_is_created_once(lake: Lake) -> None:
    store = lake.store()
    assert store.swap_bytes("claim", None, b"ours")
    assert not store.swap_bytes("claim", None, b"theirs")
    assert store.get_bytes("claim") == b"ours"


def test_a_claim_whose_answer_was_lost_is_in_the_lake(lake: Lake) -> None:
    store = lake.store(retry_s=20.0)
    lake.server.add_fault(LoseAnswer(), "upload")
    store.swap_bytes("claim", None, b"ours")
    assert store.get_bytes("claim") == b"ours"


@pytest.mark.parametrize("prefix", ["", "city", "a/b"])
def test_names_are_relative_to_the_prefix(lake: Lake, prefix: str) -> None:
    lake.server.put("lake", "stranger", b"")
    lake.server.put("lake", "cityscape/dt=1/x", b"")
    store = GcsStore("lake", prefix, threads=1)
    lake.stores.append(store)
    names = [f"dt=2024-01-01/ä {number}+%.json" for number in range(7)]
    for name in names:
        store.put_bytes(name, name.encode())
    store.put_bytes("_wattif/x", b"")
    assert list(store.list("dt=2024-01-01/")) == sorted(names)
    assert lake.server.count("list") == 3  # pages of three
    assert {f"{prefix}/{name}".lstrip("/") for name in names} <= set(lake.server.objects("lake"))
    assert store.get_bytes(names[0]) == names[0].encode()
    assert store.place == f"gs://lake/{prefix}".rstrip("/")
    store.delete([*names[1:], "dt=2024-01-01/none"])
    assert list(store.list("dt=")) == names[:1]
    assert {"stranger", "cityscape/dt=1/x"} <= set(lake.server.objects("lake"))


@pytest.mark.parametrize("kind", ["list", "media", "delete", "upload"])
@pytest.mark.parametrize(
    "fault", [Answer(503), Answer(429), Answer(408), Answer(403, "rateLimitExceeded"), Reset(), LoseAnswer()], ids=str
)
def test_small_requests_are_tried_again(lake: Lake, kind: str, fault: Fault) -> None:
    store = RetryingStore(lake.store(), QUICK, lake.stop)
    for name in "abcd":
        lake.server.put("lake", f"city/{name}", name.encode())
    lake.server.add_fault(fault, kind)
    assert list(store.list("")) == ["a", "b", "c", "d"]
    assert store.get_bytes("a") == b"a"
    store.put_bytes("a", b"new")
    store.delete(["b"])
    assert {name: stored.content for name, stored in lake.server.objects("lake").items()} == {
        "city/a": b"new",
        "city/c": b"c",
        "city/d": b"d",
    }


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda store: store.get_bytes("x"), id="get_bytes"),
        pytest.param(lambda store: store.put_bytes("x", b"1"), id="put_bytes"),
        pytest.param(lambda store: store.swap_bytes("x", None, b"1"), id="swap_bytes"),
        pytest.param(lambda store: list(store.list("")), id="list"),
    ],
)
def test_a_bucket_that_is_missing_is_named_by(lake: Lake, call: Callable[[GcsStore], object]) -> None:
    with pytest.raises(LakeError) as failure:
        call(lake.store(bucket="nowhere"))
    assert not isinstance(failure.value, Unavailable)
    assert_explains(failure.value, "gs://nowhere", "correct its name")


@pytest.mark.parametrize("fault", [Corrupt(), WrongChecksum()], ids=str)
def test_what_was_corrupted_on_the_way_down_is_never_returned(lake: Lake, fault: Fault) -> None:
    store = lake.store()
    store.put_bytes("x", b"content")
    lake.server.add_fault(fault, "media")
    with pytest.raises(Unavailable) as failure:
        store.get_bytes("x")
    assert_explains(failure.value, "gs://lake/city/x")
    assert store.get_bytes("x") == b"content"


def test_an_object_is_fetched_into_a_folder(lake: Lake, tmp_path: Path) -> None:
    lake.server.put("lake", "city/dt=2024-01-01/a.json", b"content")
    lake.server.put("lake", "city/dt=2024-01-02/a.json", b"other")
    fetched = [lake.store().fetch(f"dt=2024-01-0{day}/a.json", tmp_path) for day in (1, 2)]
    assert [path.read_bytes() for path in fetched] == [b"content", b"other"]


@pytest.mark.parametrize("fault", [Corrupt(), WrongChecksum()], ids=str)
def test_what_was_corrupted_on_the_way_down_is_never_kept(lake: Lake, tmp_path: Path, fault: Fault) -> None:
    lake.server.put("lake", "city/a.json", b"content")
    lake.server.add_fault(fault, "media")
    with pytest.raises(Unavailable):
        lake.store().fetch("a.json", tmp_path)
    assert list(tmp_path.iterdir()) == []


# Credentials


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user of whom Google's libraries find nothing, and no machine of Google's to ask."""
    for name in ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("NO_GCE_CHECK", "true")


@pytest.mark.usefixtures("no_credentials")
def test_no_credentials_are_told_with_the_way_out() -> None:
    with pytest.raises(LakeError) as failure:
        GcsStore("lake", "city", threads=1)
    assert_explains(failure.value, "gs://lake", "gcloud auth application-default login")


@pytest.mark.usefixtures("no_credentials")
def test_a_key_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "key.json"))
    with pytest.raises(LakeError) as failure:
        GcsStore("lake", "city", threads=1)
    assert_explains(failure.value, "gs://lake", str(tmp_path / "key.json"))


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.filterwarnings("ignore:Your application has authenticated using end user credentials")
def test_credentials_without_a_project_will_do(tmp_path: Path) -> None:
    """Objects belong to a bucket; no request of ours names a project."""
    known = {"type": "authorized_user", "client_id": "x", "client_secret": "x", "refresh_token": "x"}
    file = tmp_path / ".config" / "gcloud" / "application_default_credentials.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(known))
    GcsStore("lake", "city", threads=1)._client.close()
