"""Uploads to Cloud Storage, through the official client, while server and network misbehave."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import google_crc32c
import pytest
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.fakes.gcs_faults import Answer, Corrupt, Fault, KeepPart, LoseAnswer, Reset, Stall, WrongChecksum
from tests.fakes.gcs_server import GcsServer
from uploader import gcs
from uploader.consumer import Consumer, RetryPolicy
from uploader.gcs import GcsStore
from uploader.store import SealedFile, StoredObject, Unavailable
from wattif.errors import Interrupted, LakeError, TransferError

MANIFEST = "_wattif/manifests/1.ndjson"
SILENCE_S = 0.4  # after which the client gives a request up, in tests that stall
QUICK = RetryPolicy(attempts=4, first_wait_s=0.01, longest_wait_s=0.05)
ONCE = RetryPolicy(attempts=1)


@dataclass(frozen=True)
class Way:
    """A way by which a file goes into the bucket, and the request that is disturbed."""

    kind: str
    size: int  # of the file


MULTIPART = Way("upload-multipart", 300_000)
RESUMABLE = Way("upload-chunk", 9 << 20)
RESUMABLE_BEGIN = Way("upload-begin", 9 << 20)
both_ways = pytest.mark.parametrize(
    "way", [pytest.param(MULTIPART, id="multipart"), pytest.param(RESUMABLE, id="resumable")]
)


@dataclass
class Lake:
    """A server with the bucket ``lake``, stores that look at it, and what they were told to discard."""

    server: GcsServer
    folder: Path
    stop: threading.Event = field(default_factory=threading.Event)
    discarded: list[tuple[SealedFile, StoredObject]] = field(default_factory=list)
    stores: list[GcsStore] = field(default_factory=list)

    def store(self, *, bucket: str = "lake", retry_s: float = 0.0, overwrite: bool = False) -> GcsStore:
        """A store below ``city/``; its client does not try again unless *retry_s* says so."""
        self.stores.append(GcsStore(bucket, "city", threads=3, overwrite=overwrite, retry_s=retry_s))
        return self.stores[-1]

    def file(self, name: str, size: int) -> SealedFile:
        path = self.folder / name
        path.write_bytes(random.Random(name).randbytes(size))
        return SealedFile(path, f"dt=2024-01-01/{name}", size, google_crc32c.value(path.read_bytes()))

    def move(self, files: Sequence[SealedFile], store: GcsStore | None = None, policy: RetryPolicy = QUICK) -> None:
        Consumer(store or self.store(), self.stop, policy).move(
            files, MANIFEST, b"manifest\n", lambda file, receipt: self.discarded.append((file, receipt))
        )

    def assert_moved(self, files: Sequence[SealedFile]) -> None:
        """The bucket holds the files' bytes and the manifest; each file was discarded, with its own receipt."""
        objects = self.server.objects("lake")
        for file in files:
            assert objects[f"city/{file.name}"].content == file.path.read_bytes()
        assert objects[f"city/{MANIFEST}"].content == b"manifest\n"
        assert self.discarded == [(file, StoredObject(file.name, file.size, file.crc32c)) for file in files]

    def assert_not_committed(self) -> None:
        """Nothing was discarded, and no manifest says that the batch is there."""
        assert self.discarded == []
        assert f"city/{MANIFEST}" not in self.server.objects("lake")


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """An empty lake; the client's own waits take hundredths of seconds."""
    monkeypatch.setattr(gcs, "DEFAULT_RETRY", DEFAULT_RETRY.with_delay(initial=0.02, maximum=0.05))
    with GcsServer(["lake"], page_size=3) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        lake = Lake(server, tmp_path)
        yield lake
        for store in lake.stores:
            store._client.close()


def assert_explains(error: BaseException, *words: str) -> None:
    """The message is one line for people, which holds *words* and no piece of JSON."""
    message = str(error)
    assert "\n" not in message
    assert "{" not in message
    for word in words:
        assert word in message


# What passes


@pytest.mark.parametrize("who", ["client", "program"])
@pytest.mark.parametrize(
    "way",
    [
        pytest.param(MULTIPART, id="multipart"),
        pytest.param(RESUMABLE, id="resumable"),
        pytest.param(RESUMABLE_BEGIN, id="begin"),
    ],
)
@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(Answer(503), 2, id="503-twice"),
        pytest.param(Answer(429), 1, id="429"),
        pytest.param(Answer(408), 1, id="408"),
        pytest.param(Answer(500), 1, id="500"),
        pytest.param(Answer(502), 1, id="502"),
        pytest.param(Answer(504), 1, id="504"),
        pytest.param(Reset(), 1, id="reset-before-content"),
        pytest.param(Reset(200_000), 2, id="reset-in-content"),
        pytest.param(Reset(7_000_000), 1, id="reset-late-in-content"),
        pytest.param(LoseAnswer(), 1, id="lost-answer"),
    ],
)
def test_a_file_arrives_after(lake: Lake, fault: Fault, times: int, way: Way, who: str) -> None:
    """Whoever has the patience, the client or the program."""
    file = lake.file("a", way.size)
    lake.server.add_fault(fault, way.kind, times=times)
    if who == "client":
        lake.move([file], lake.store(retry_s=20.0), ONCE)
    else:
        lake.move([file])
    lake.assert_moved([file])


@pytest.mark.parametrize("late", [False, True], ids=["before-content", "before-answer"])
@both_ways
def test_a_file_arrives_after_silence(lake: Lake, monkeypatch: pytest.MonkeyPatch, way: Way, late: bool) -> None:
    monkeypatch.setattr(gcs, "_TIMEOUT_S", (SILENCE_S, SILENCE_S))
    file = lake.file("a", way.size)
    lake.server.add_fault(Stall(4 * SILENCE_S, late=late), way.kind)
    began = time.monotonic()
    lake.move([file])
    assert SILENCE_S <= time.monotonic() - began < 4 * SILENCE_S
    lake.assert_moved([file])


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(WrongChecksum(), id="wrong-checksum-in-the-answer"),
        pytest.param(Corrupt(), id="corrupted-on-the-way"),
        pytest.param(Corrupt(unnoticed=True), id="corrupted-and-stored"),
        pytest.param(Answer(403, "rateLimitExceeded"), id="403-rate-limit"),
        pytest.param(Answer(403, "userRateLimitExceeded"), id="403-user-rate-limit"),
    ],
)
@both_ways
def test_a_file_is_sent_again_after(lake: Lake, fault: Fault, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.add_fault(fault, way.kind)
    lake.move([file])
    lake.assert_moved([file])
    assert lake.server.count(way.kind, "dt=") == 2


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Answer(410), id="410"),
        pytest.param(Answer(404, message="No such upload session."), id="404"),
        pytest.param(KeepPart(1 << 20), id="only-a-part-was-kept"),
    ],
)
def test_a_resumable_upload_begins_anew_when_its_session_is_lost(lake: Lake, fault: Fault) -> None:
    """404 and 410 at a session's address mean: begin another. That the service keeps a part only is its right."""
    file = lake.file("a", RESUMABLE.size)
    lake.server.add_fault(fault, "upload-chunk")
    lake.move([file])
    lake.assert_moved([file])


def test_many_files_arrive_when_every_kind_of_request_fails_now_and_then(lake: Lake) -> None:
    files = [lake.file(f"{number:02}", 20_000) for number in range(24)]
    for number in range(0, 24, 3):
        lake.server.add_fault(Answer(503), "upload", f"/{number:02}")
        lake.server.add_fault(LoseAnswer(), "upload", f"/{number + 1:02}")
    lake.server.add_fault(Answer(429), "get", times=3)
    lake.move(files, policy=RetryPolicy(attempts=8, first_wait_s=0.01, longest_wait_s=0.05))
    lake.assert_moved(files)


@both_ways
def test_an_answer_that_was_lost_costs_no_second_version(lake: Lake, way: Way) -> None:
    """What the lake holds already is recognised by size and CRC32C; nothing is overwritten."""
    file = lake.file("a", way.size)
    lake.server.add_fault(LoseAnswer(), way.kind)
    lake.server.add_fault(Answer(503), "get")  # even when it cannot be looked at for a moment
    with pytest.raises(TransferError):
        lake.move([file], policy=ONCE)
    stored = lake.server.objects("lake")[f"city/{file.name}"]
    lake.move([file])
    lake.assert_moved([file])
    assert lake.server.objects("lake")[f"city/{file.name}"] == stored


# What does not pass


@both_ways
def test_a_checksum_that_stays_wrong_is_told_with_both(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.add_fault(WrongChecksum(), "upload", times=None)
    with pytest.raises(TransferError) as failure:
        lake.move([file])
    wrong = file.crc32c ^ 1  # as the server tells it
    assert_explains(failure.value, f"gs://lake/city/{file.name}", f"{file.crc32c:#010x}", f"{wrong:#010x}")
    lake.assert_not_committed()


@both_ways
def test_bytes_that_never_arrive_whole_never_become_an_object(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.add_fault(Corrupt(), way.kind, times=None)
    with pytest.raises(TransferError) as failure:
        lake.move([file])
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "CRC32C", "run the same command again")
    assert lake.server.objects("lake") == {}
    lake.assert_not_committed()


@both_ways
def test_no_permission_is_told_at_once_with_the_role_that_is_missing(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.add_fault(Answer(403), way.kind, times=None)
    with pytest.raises(LakeError) as failure:
        lake.move([file], lake.store(retry_s=20.0))
    assert not isinstance(failure.value, Unavailable | TransferError)
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "roles/storage.objectUser", "storage.objects.create")
    assert lake.server.count(way.kind) == 1
    lake.assert_not_committed()


@both_ways
def test_a_bucket_that_is_missing_is_named(lake: Lake, way: Way) -> None:
    with pytest.raises(LakeError) as failure:
        lake.move([lake.file("a", way.size)], lake.store(bucket="nowhere", retry_s=20.0))
    assert not isinstance(failure.value, Unavailable | TransferError)
    assert_explains(failure.value, "gs://nowhere", "--bucket")
    lake.assert_not_committed()


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda store: store.get_bytes("x"), id="get_bytes"),
        pytest.param(lambda store: store.put_bytes("x", b"1"), id="put_bytes"),
        pytest.param(lambda store: store.create_bytes("x", b"1"), id="create_bytes"),
        pytest.param(lambda store: list(store.list("")), id="list"),
    ],
)
def test_a_bucket_that_is_missing_is_named_by(lake: Lake, call: Callable[[GcsStore], object]) -> None:
    with pytest.raises(LakeError) as failure:
        call(lake.store(bucket="nowhere"))
    assert not isinstance(failure.value, Unavailable)
    assert_explains(failure.value, "gs://nowhere", "--bucket")


@both_ways
def test_an_equal_object_that_is_there_counts_and_is_not_sent_again(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.put("lake", f"city/{file.name}", file.path.read_bytes())
    stored = lake.server.objects("lake")[f"city/{file.name}"]
    lake.move([file])
    lake.assert_moved([file])
    assert lake.server.objects("lake")[f"city/{file.name}"] == stored
    assert lake.server.count(way.kind, "dt=") == 1


@both_ways
@pytest.mark.parametrize("other", [b"other bytes", b""], ids=["other-size", "empty"])
def test_another_object_of_that_name_is_not_touched(lake: Lake, way: Way, other: bytes) -> None:
    file = lake.file("a", way.size)
    lake.server.put("lake", f"city/{file.name}", other)
    with pytest.raises(LakeError) as failure:
        lake.move([file])
    assert not isinstance(failure.value, Unavailable | TransferError)
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "--overwrite")
    assert lake.server.objects("lake")[f"city/{file.name}"].content == other
    assert lake.server.count(way.kind) == 1
    lake.assert_not_committed()


@both_ways
def test_an_object_of_equal_size_but_other_bytes_is_another_object(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.put("lake", f"city/{file.name}", bytes(way.size))
    with pytest.raises(LakeError, match="other bytes"):
        lake.move([file])
    lake.assert_not_committed()


@both_ways
def test_another_object_is_replaced_when_that_was_asked_for(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.put("lake", f"city/{file.name}", b"other bytes")
    lake.move([file], lake.store(overwrite=True))
    lake.assert_moved([file])


def test_an_object_that_vanishes_while_it_is_looked_at_is_sent_again(lake: Lake) -> None:
    file = lake.file("a", MULTIPART.size)
    lake.server.add_fault(Answer(412), "upload")  # somebody removed it right after that
    lake.move([file])
    lake.assert_moved([file])


def test_a_file_that_left_the_staging_disk_is_not_blamed_on_the_network(lake: Lake) -> None:
    file = lake.file("a", MULTIPART.size)
    file.path.unlink()
    with pytest.raises(LakeError) as failure:
        lake.move([file])
    assert not isinstance(failure.value, Unavailable | TransferError)
    assert_explains(failure.value, str(file.path))
    assert "network" not in str(failure.value)


@both_ways
def test_a_network_that_stays_down_is_told_with_the_way_out(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    store = lake.store(retry_s=0.2)
    store.put_bytes("x", b"1")  # a connection is open
    lake.server.close()
    with pytest.raises(TransferError) as failure:
        lake.move([file], store)
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "run the same command again")
    lake.assert_not_committed()


def test_a_service_that_stays_down_is_told_in_its_own_words(lake: Lake) -> None:
    lake.server.add_fault(Answer(503, message="Please try again on Monday."), "upload", times=None)
    with pytest.raises(TransferError) as failure:
        lake.move([lake.file("a", MULTIPART.size)], lake.store(retry_s=0.1))
    assert_explains(failure.value, "503", "Please try again on Monday.", "run the same command again")


# Batches


def test_one_file_that_fails_for_good_commits_nothing(lake: Lake) -> None:
    files = [lake.file(name, MULTIPART.size) for name in ("a", "b", "c")]
    lake.server.add_fault(Answer(403), "upload", "/b", times=None)
    with pytest.raises(LakeError, match="dt=2024-01-01/b"):
        lake.move(files)
    lake.assert_not_committed()


def test_a_failure_for_good_is_told_rather_than_one_that_may_pass(lake: Lake) -> None:
    files = [lake.file(name, MULTIPART.size) for name in ("a", "b", "c")]
    lake.server.add_fault(Answer(503), "upload", "/a", times=None)
    lake.server.add_fault(Answer(403), "upload", "/c", times=None)
    with pytest.raises(LakeError, match=r"objectUser"):
        lake.move(files)
    assert lake.server.count("upload", "/a") == 1
    lake.assert_not_committed()


@both_ways
def test_only_the_file_that_failed_is_sent_again(lake: Lake, way: Way) -> None:
    files = [lake.file(name, way.size) for name in ("a", "b", "c")]
    lake.server.add_fault(Answer(503), way.kind, "/b")
    lake.move(files)
    lake.assert_moved(files)
    assert [lake.server.count(way.kind, f"/{name}") for name in ("a", "b", "c")] == [1, 2, 1]


def test_files_are_discarded_only_when_the_manifest_is_there(lake: Lake) -> None:
    files = [lake.file(name, MULTIPART.size) for name in ("a", "b", "c")]
    lake.server.add_fault(Answer(503), "upload", MANIFEST, times=2)
    seen: list[str] = []

    def discard(file: SealedFile, receipt: StoredObject) -> None:
        assert lake.server.objects("lake")[f"city/{MANIFEST}"].content == b"manifest\n"
        assert receipt == StoredObject(file.name, file.size, file.crc32c)
        seen.append(file.name)

    Consumer(lake.store(), lake.stop, QUICK).move(files, MANIFEST, b"manifest\n", discard)
    assert seen == [file.name for file in files]
    assert lake.server.count("upload", "dt=") == 3


def test_a_manifest_that_cannot_be_written_commits_nothing(lake: Lake) -> None:
    lake.server.add_fault(Answer(503), "upload", MANIFEST, times=None)
    with pytest.raises(TransferError, match="run the same command again"):
        lake.move([lake.file("a", MULTIPART.size)])
    lake.assert_not_committed()


def test_a_run_that_is_stopped_does_not_go_on_trying(lake: Lake) -> None:
    lake.server.add_fault(Answer(503), "upload", times=None)
    threading.Timer(0.3, lake.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        lake.move([lake.file("a", MULTIPART.size)], policy=RetryPolicy(1000, first_wait_s=20.0, longest_wait_s=20.0))
    assert time.monotonic() - began < 1.3
    lake.assert_not_committed()


def test_a_slow_link_has_time_to_carry_a_request(lake: Lake) -> None:
    """The client sends the body of a request within the timeout that is called *connect*, or gives it up.

    So what one request carries bounds how slow a connection may be: 4 Mbit/s must do.
    """
    files = [lake.file("a", 8 << 20), lake.file("b", 40 << 20)]
    lake.move(files)
    largest = max(request.size for request in lake.server.requests)
    assert largest / gcs._TIMEOUT_S[0] <= 4_000_000 / 8


# Small objects


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
    assert store.create_bytes("claim", b"ours")
    assert not store.create_bytes("claim", b"theirs")
    assert store.get_bytes("claim") == b"ours"


def test_a_claim_whose_answer_was_lost_is_in_the_lake(lake: Lake) -> None:
    store = lake.store(retry_s=20.0)
    lake.server.add_fault(LoseAnswer(), "upload")
    store.create_bytes("claim", b"ours")
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
    store, consumer = lake.store(), Consumer(lake.store(), lake.stop, QUICK)
    for name in "abcd":
        lake.server.put("lake", f"city/{name}", name.encode())
    lake.server.add_fault(fault, kind)
    assert consumer.retrying(lambda: list(store.list(""))) == ["a", "b", "c", "d"]
    assert consumer.retrying(lambda: store.get_bytes("a")) == b"a"
    consumer.retrying(lambda: store.put_bytes("a", b"new"))
    consumer.retrying(lambda: store.delete(["b"]))
    assert {name: stored.content for name, stored in lake.server.objects("lake").items()} == {
        "city/a": b"new",
        "city/c": b"c",
        "city/d": b"d",
    }


@pytest.mark.parametrize("fault", [Corrupt(), WrongChecksum()], ids=str)
def test_what_was_corrupted_on_the_way_down_is_never_returned(lake: Lake, fault: Fault) -> None:
    store = lake.store()
    store.put_bytes("x", b"content")
    lake.server.add_fault(fault, "media")
    with pytest.raises(Unavailable) as failure:
        store.get_bytes("x")
    assert_explains(failure.value, "gs://lake/city/x")
    assert store.get_bytes("x") == b"content"


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
