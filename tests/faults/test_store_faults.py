"""Any store behind a network, while network and server misbehave: nothing is lost, and what does not pass is told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.fakes.gcs_faults import Answer, Corrupt, CutShort, Fault, LoseAnswer, Reset, Stall, WrongChecksum
from tests.faults.test_stores import ONCE, sealed
from tests.stores import SCHEMES, Place, Servers, place_of
from wattif.errors import LakeError, TransferError
from wattif.lake.open import open_store
from wattif.uploader import gcs, gcs_bucket, obstore_service, obstore_store
from wattif.uploader import store as stores
from wattif.uploader.retrying import RetryingStore, RetryPolicy
from wattif.uploader.store import Refused, Store, StoredObject

QUICK = RetryPolicy(retry_for_s=60.0, first_wait_s=0.01, longest_wait_s=0.05)  # for what passes
BRIEF = RetryPolicy(retry_for_s=0.3, first_wait_s=0.01, longest_wait_s=0.05)  # for what does not
SMALL, LARGE = 300_000, 9 << 20  # bytes of a file that goes by one request, and of one that does not
both_sizes = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["one-request", "in-parts"])
by_obstore = pytest.mark.parametrize("place", ["s3", "az"], indirect=True)  # the client of gs has tests of its own
PASSING = [
    pytest.param(Answer(503), 2, id="503-slow-down"),
    pytest.param(Reset(), 1, id="reset"),
    pytest.param(LoseAnswer(), 1, id="lost-answer"),
]


@pytest.fixture(params=SCHEMES[1:])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    """A lake whose clients wait for hundredths of seconds, and cut files of more than a megabyte."""
    monkeypatch.setattr(gcs_bucket, "DEFAULT_RETRY", DEFAULT_RETRY.with_delay(initial=0.02, maximum=0.05))
    monkeypatch.setattr(obstore_store, "ONE_REQUEST_BYTES", 1 << 20)
    monkeypatch.setattr(obstore_store, "CHUNK_BYTES", 5 << 20)
    with place_of(request.param, tmp_path, servers) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def opened(place: Place, policy: RetryPolicy = QUICK, *, overwrite: bool = False) -> RetryingStore:
    """The lake; only the program is patient, its client tries once."""
    alone = open_store(place.url, threads=3, overwrite=overwrite, retry=ONCE)
    return RetryingStore(alone._store, policy)


def fault(place: Place, which: Fault, kind: str, name: str = "", times: int | None = 1, *, after: int = 0) -> None:
    assert place.proxy is not None
    place.proxy.add_fault(which, kind, name, times, after=after)


def count(place: Place, kind: str, name: str = "") -> int:
    assert place.proxy is not None
    return place.proxy.count(kind, name)


# What passes


@pytest.mark.parametrize(
    ("size", "after"),
    [
        pytest.param(SMALL, 0, id="one-request"),
        pytest.param(LARGE, 0, id="first-part"),
        pytest.param(LARGE, 1, id="second-part"),
    ],
)
@pytest.mark.parametrize(
    ("which", "times"),
    [
        *PASSING,
        pytest.param(Answer(429), 1, id="429"),
        pytest.param(Reset(200_000), 2, id="reset-in-content"),
    ],
)
def test_a_file_arrives_after(place: Place, tmp_path: Path, size: int, which: Fault, times: int, after: int) -> None:
    file = sealed(tmp_path, "dt=1/a", size)
    fault(place, which, "write", times=times, after=after)
    assert opened(place).put_files([file], lambda: None) == [StoredObject(file.name, file.size, file.crc32c)]
    assert place.objects() == {file.name: file.path.read_bytes()}


@both_sizes
@pytest.mark.parametrize(
    ("which", "kind"),
    [
        pytest.param(Corrupt(), "write", id="corrupted-on-the-way"),
        pytest.param(WrongChecksum(), "write", id="wrong-checksum-in-the-answer"),
        pytest.param(WrongChecksum(), "", id="wrong-checksum-in-each-answer"),
    ],
)
def test_no_file_is_confirmed_unless_its_bytes_are_there(
    place: Place, tmp_path: Path, size: int, which: Fault, kind: str
) -> None:
    """Whatever the service says of what it stored, and whatever it stored at first."""
    file = sealed(tmp_path, "dt=1/a", size)
    fault(place, which, kind, times=2 if kind else 3)
    assert opened(place).put_files([file], lambda: None) == [StoredObject(file.name, file.size, file.crc32c)]
    assert place.objects() == {file.name: file.path.read_bytes()}


def test_a_small_object_is_written_again_unless_its_bytes_are_there(place: Place) -> None:
    content = bytes(range(256)) * 80
    fault(place, Corrupt(), "write")
    opened(place).put_bytes("x/a", content)
    assert place.objects() == {"x/a": content}
    assert count(place, "write") == 2


def test_an_answer_that_was_lost_costs_no_second_write(place: Place, tmp_path: Path) -> None:
    file = sealed(tmp_path, "dt=1/a", SMALL)
    fault(place, LoseAnswer(), "write")
    [error] = opened(place, ONCE).put_files([file])
    assert isinstance(error, TransferError)
    again = opened(place).put_files([file])
    assert again == [StoredObject(file.name, file.size, file.crc32c)]
    assert place.objects() == {file.name: file.path.read_bytes()}


def whole(store: Store, name: str) -> bytes:
    file = store.open_object(name)
    assert file is not None
    with file:
        return file.read()


VERBS: dict[str, tuple[str, Callable[[Store, Path], object], object]] = {
    "list": ("list", lambda store, folder: list(store.list("x/")), ["x/a", "x/b"]),
    "list_objects": ("list", lambda store, folder: [each.name for each in store.list_objects("x/")], ["x/a", "x/b"]),
    "get_bytes": ("read", lambda store, folder: store.get_bytes("x/a"), b"content"),
    "open_object": ("read", lambda store, folder: whole(store, "x/a"), b"content"),
    "fetch": ("read", lambda store, folder: store.fetch("x/a", folder).read_bytes(), b"content"),
    "put_bytes": ("write", lambda store, folder: store.put_bytes("x/a", b"new"), None),
    "guarded": ("write", lambda store, folder: store.put_bytes("x/a", b"new", lambda: None), None),
    "swap_bytes": ("write", lambda store, folder: store.swap_bytes("x/a", b"content", b"new"), True),
    "create": ("write", lambda store, folder: store.swap_bytes("x/c", None, b"new"), True),
    "delete": ("delete", lambda store, folder: store.delete(["x/a"]), None),
    "guarded_delete": ("delete", lambda store, folder: store.delete(["x/a"], lambda: None), None),
}
every_verb = pytest.mark.parametrize("verb", VERBS)


@every_verb
@pytest.mark.parametrize(("which", "times"), PASSING)
def test_a_verb_is_done_after(place: Place, tmp_path: Path, verb: str, which: Fault, times: int) -> None:
    for name in ("x/a", "x/b"):
        opened(place).put_bytes(name, b"content")
    kind, do, answer = VERBS[verb]
    fault(place, which, kind, times=times)
    assert do(opened(place), tmp_path) == answer
    there = place.objects()
    assert there["x/b"] == b"content"
    if verb == "create":
        assert there["x/c"] == b"new"
    elif kind != "delete":
        assert there["x/a"] == (b"new" if kind == "write" else b"content")
    else:
        assert "x/a" not in there


@pytest.mark.parametrize("which", [CutShort(), Corrupt()], ids=["cut-short", "corrupted"])
@pytest.mark.parametrize("verb", ["get_bytes", "open_object", "fetch"])
def test_what_is_read_is_what_was_written(place: Place, tmp_path: Path, verb: str, which: Fault) -> None:
    store = opened(place)
    store.put_bytes("x/a", b"content")
    assert place.proxy is not None
    fault(place, which, "read", times=2)
    assert VERBS[verb][1](store, tmp_path) == b"content"


def test_silence_is_broken_off(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gcs, gcs_bucket):
        monkeypatch.setattr(module, "TIMEOUT_S", (0.4, 0.4))
    monkeypatch.setattr(obstore_service, "REQUEST_TIMEOUT_S", 0.4)
    file = sealed(tmp_path, "dt=1/a", SMALL)
    fault(place, Stall(20.0), "write")
    fault(place, Stall(20.0, late=True), "write")
    began = time.monotonic()
    assert opened(place).put_files([file]) == [StoredObject(file.name, file.size, file.crc32c)]
    assert time.monotonic() - began < 15.0
    assert place.objects() == {file.name: file.path.read_bytes()}


# What does not pass


@pytest.mark.parametrize("verb", ["list", "fetch", "guarded", "create", "guarded_delete"])
def test_a_verb_that_never_succeeds_says_how_long_it_was_tried(place: Place, tmp_path: Path, verb: str) -> None:
    opened(place).put_bytes("x/a", b"content")
    kind, do, _ = VERBS[verb]
    before = count(place, kind)
    fault(place, Answer(503), kind, times=None)
    with pytest.raises(TransferError) as failure:
        do(opened(place, BRIEF), tmp_path)
    message = str(failure.value)
    assert place.url in message
    for words in ("503", "tried for ", "to resume, run the same command"):
        assert words in message
    assert "\n" not in message
    assert count(place, kind) - before > 1


@both_sizes
def test_no_permission_is_told_at_once(place: Place, tmp_path: Path, size: int) -> None:
    fault(place, Answer(403), "write", times=None)
    [error] = opened(place).put_files([sealed(tmp_path, "dt=1/a", size)])
    assert isinstance(error, Refused)
    assert place.url in str(error)
    assert "access denied (403); this account needs " in str(error)
    assert count(place, "write") <= 2  # parts of a file go two at once


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (301, "PermanentRedirect", "lies in another region than the one that was asked; "),
        (400, "ExpiredToken", "the credentials are not accepted (ExpiredToken: as the test says); set A"),
        (403, "InvalidAccessKeyId", "the credentials are not accepted"),
        (403, "AuthenticationFailed", "the credentials are not accepted"),
        (403, "RequestTimeTooSkewed", "the clock of this machine is wrong"),
    ],
)
@pytest.mark.parametrize("verb", ["get_bytes", "list", "put_bytes"])
@by_obstore
def test_what_only_the_user_can_mend_is_told_at_once(
    place: Place, tmp_path: Path, verb: str, status: int, code: str, said: str
) -> None:
    kind, do, _ = VERBS[verb]
    fault(place, Answer(status, code), kind, times=None)
    with pytest.raises(Refused) as failure:
        do(opened(place), tmp_path)
    assert said in str(failure.value)
    assert place.url.rpartition("/")[0] in str(failure.value)
    assert "\n" not in str(failure.value)
    assert count(place, kind) == 1


@by_obstore
def test_an_objects_name_is_no_word_of_the_service(place: Place) -> None:
    fault(place, Reset(), "read", times=None)
    with pytest.raises(TransferError, match="no answer from the network"):
        opened(place, BRIEF).get_bytes("credentials/token request/az cli")


@both_sizes
def test_bytes_that_never_arrive_whole_are_never_confirmed(place: Place, tmp_path: Path, size: int) -> None:
    fault(place, Corrupt(), "write", times=None)
    [error] = opened(place, BRIEF).put_files([sealed(tmp_path, "dt=1/a", size)])
    assert isinstance(error, TransferError)
    assert "tried for " in str(error)


@both_sizes
def test_a_staged_file_that_has_changed_is_not_sent(place: Place, tmp_path: Path, size: int) -> None:
    file = sealed(tmp_path, "dt=1/a", size)
    content = bytearray(file.path.read_bytes())
    content[-1] ^= 1
    file.path.write_bytes(content)
    [error] = opened(place, BRIEF).put_files([file])
    assert isinstance(error, LakeError)
    assert place.objects() == {}


@by_obstore
def test_the_end_of_an_upload_in_parts_asks_the_guard(place: Place, tmp_path: Path) -> None:
    """Whoever loses the lake meanwhile leaves no object."""
    asked: list[int] = []

    def guard() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise stores.Conflict("taken over")

    [error] = opened(place).put_files([sealed(tmp_path, "dt=1/a", LARGE)], guard)
    assert isinstance(error, stores.Conflict)
    assert place.objects() == {}


# What it costs


@pytest.mark.parametrize(
    ("size", "requests"),
    [
        pytest.param(SMALL, {"gs": (1, 0), "s3": (1, 0), "az": (1, 1)}, id="one-request"),
        pytest.param(LARGE, {"gs": (2, 0), "s3": (4, 1), "az": (3, 4)}, id="in-parts"),
    ],
)
def test_confirming_a_file_takes_so_many_requests(
    place: Place, tmp_path: Path, size: int, requests: dict[str, tuple[int, int]]
) -> None:
    """Writes and reads of a file: docs/stores.md says so."""
    opened(place).put_files([sealed(tmp_path, "dt=1/a", size)])
    assert (count(place, "write"), count(place, "read")) == requests[place.scheme]
