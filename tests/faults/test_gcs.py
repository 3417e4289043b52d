"""Files and batches go to Cloud Storage, through the official client, while server and network misbehave."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.gcs_faults import Answer, Corrupt, Fault, KeepPart, LoseAnswer, Reset, Stall, WrongChecksum
from tests.faults.gcs_lake import (
    BRIEF,
    MANIFEST,
    MULTIPART,
    ONCE,
    QUICK,
    RESUMABLE,
    RESUMABLE_BEGIN,
    Lake,
    Way,
    assert_explains,
    both_ways,
    open_lake,
)
from wattif.errors import Interrupted, LakeError, TransferError
from wattif.uploader import gcs, gcs_bucket
from wattif.uploader.committer import BatchCommitter
from wattif.uploader.retrying import RetryingStore, RetryPolicy
from wattif.uploader.store import SealedFile, StoredObject, Unavailable

SILENCE_S = 0.4  # after which the client gives a request up, in tests that stall


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """An empty lake."""
    with open_lake(tmp_path, monkeypatch) as lake:
        yield lake


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
    for module in (gcs, gcs_bucket):
        monkeypatch.setattr(module, "TIMEOUT_S", (SILENCE_S, SILENCE_S))
    file = lake.file("a", way.size)
    lake.server.add_fault(Stall(20.0, late=late), way.kind)
    began = time.monotonic()
    lake.move([file])
    assert SILENCE_S <= time.monotonic() - began < 10.0
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


@pytest.mark.parametrize("retry_s", [0.0, 20.0], ids=["program", "client"])
@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_is_lost_in_the_middle_begins_anew(lake: Lake, status: int, retry_s: float) -> None:
    """The second of three chunks finds it gone, after the first was kept."""
    file = lake.file("a", 34 << 20)
    lake.server.add_fault(Answer(status, message="Not Found"), "upload-chunk", after=1)
    lake.move([file], lake.store(retry_s=retry_s))
    lake.assert_moved([file])
    assert lake.server.count("upload-begin") == 2
    assert lake.server.count("upload-chunk") == 5


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_is_lost_while_it_is_asked_how_far_it_came_begins_anew(lake: Lake, status: int) -> None:
    file = lake.file("a", 34 << 20)
    lake.server.add_fault(Reset(1_000_000), "upload-chunk", after=1)
    lake.server.add_fault(Answer(status), "upload-status")
    lake.move([file], lake.store(retry_s=20.0))
    lake.assert_moved([file])


@pytest.mark.parametrize("status", [404, 410])
def test_a_session_that_is_lost_again_and_again_is_told_as_such(lake: Lake, status: int) -> None:
    lake.server.add_fault(Answer(status, message="Not Found"), "upload-chunk", times=None, after=1)
    with pytest.raises(TransferError) as failure:
        lake.move([lake.file("a", 20 << 20)], policy=BRIEF)
    assert_explains(failure.value, f"{status}", "the upload session has ended", "run the same command")
    assert "no such bucket" not in str(failure.value)
    lake.assert_not_committed()


def test_a_bucket_that_is_removed_during_an_upload_is_named(lake: Lake) -> None:
    lake.server.add_fault(Answer(404, message="Not Found"), "upload-chunk", times=None, after=1)
    lake.server.add_fault(Answer(404), "upload-begin", times=None, after=1)
    with pytest.raises(LakeError) as failure:
        lake.move([lake.file("a", 20 << 20)])
    assert not isinstance(failure.value, TransferError)
    assert_explains(failure.value, "gs://lake: there is no such bucket")


def test_many_files_arrive_when_every_kind_of_request_fails_now_and_then(lake: Lake) -> None:
    files = [lake.file(f"{number:02}", 20_000) for number in range(24)]
    for number in range(0, 24, 3):
        lake.server.add_fault(Answer(503), "upload", f"/{number:02}")
        lake.server.add_fault(LoseAnswer(), "upload", f"/{number + 1:02}")
    lake.server.add_fault(Answer(429), "get", times=3)
    lake.move(files)
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
        lake.move([file], policy=BRIEF)
    wrong = file.crc32c ^ 1  # as the server tells it
    assert_explains(failure.value, f"gs://lake/city/{file.name}", f"{file.crc32c:#010x}", f"{wrong:#010x}")
    lake.assert_not_committed()


@both_ways
def test_bytes_that_never_arrive_whole_never_become_an_object(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.add_fault(Corrupt(), way.kind, times=None)
    with pytest.raises(TransferError) as failure:
        lake.move([file], policy=BRIEF)
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "CRC32C", "run the same command")
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
    assert_explains(failure.value, "gs://nowhere", "correct its name")
    lake.assert_not_committed()


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
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "`overwrite`")
    assert lake.server.objects("lake")[f"city/{file.name}"].content == other
    assert lake.server.count(way.kind) == 1
    lake.assert_not_committed()


@both_ways
def test_an_object_of_equal_size_but_other_bytes_is_another_object(lake: Lake, way: Way) -> None:
    file = lake.file("a", way.size)
    lake.server.put("lake", f"city/{file.name}", bytes(way.size))
    with pytest.raises(LakeError, match="holds bytes that are not"):
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
        lake.move([file], store, policy=BRIEF)
    assert_explains(failure.value, f"gs://lake/city/{file.name}", "run the same command")
    lake.assert_not_committed()


def test_a_service_that_stays_down_is_told_in_its_own_words(lake: Lake) -> None:
    lake.server.add_fault(Answer(503, message="Please try again on Monday."), "upload", times=None)
    with pytest.raises(TransferError) as failure:
        lake.move([lake.file("a", MULTIPART.size)], lake.store(retry_s=0.1), policy=BRIEF)
    assert_explains(failure.value, "503", "Please try again on Monday.", "run the same command")


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

    BatchCommitter(RetryingStore(lake.store(), QUICK, lake.stop)).commit(files, MANIFEST, b"manifest\n", discard)
    assert seen == [file.name for file in files]
    assert lake.server.count("upload", "dt=") == 3


def test_a_manifest_that_cannot_be_written_commits_nothing(lake: Lake) -> None:
    lake.server.add_fault(Answer(503), "upload", MANIFEST, times=None)
    with pytest.raises(TransferError, match="run the same command"):
        lake.move([lake.file("a", MULTIPART.size)], policy=BRIEF)
    lake.assert_not_committed()


def test_a_run_that_is_stopped_does_not_go_on_trying(lake: Lake) -> None:
    lake.server.add_fault(Answer(503), "upload", times=None)
    threading.Timer(0.3, lake.stop.set).start()
    began = time.monotonic()
    with pytest.raises(Interrupted):
        lake.move([lake.file("a", MULTIPART.size)], policy=RetryPolicy(first_wait_s=100.0, longest_wait_s=100.0))
    assert time.monotonic() - began < 0.3 + 2.0
    lake.assert_not_committed()


def test_a_slow_link_has_time_to_carry_a_request(lake: Lake) -> None:
    """The client sends the body of a request within the timeout that is called *connect*, or gives it up.

    So what one request carries bounds how slow a connection may be: 4 Mbit/s must do.
    """
    files = [lake.file("a", 8 << 20), lake.file("b", 40 << 20)]
    lake.move(files)
    largest = max(request.size for request in lake.server.requests)
    assert largest / gcs_bucket.TIMEOUT_S[0] <= 4_000_000 / 8
