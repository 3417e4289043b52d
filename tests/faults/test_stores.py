"""What every store promises, whichever it is: the same tests through a folder, Cloud Storage, S3 and Azure."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import google_crc32c
import pytest

from tests.stores import SCHEMES, Place, Servers, place_of
from wattif.errors import LakeError
from wattif.lake.open import open_store
from wattif.uploader import obstore_store
from wattif.uploader.retrying import RetryingStore, RetryPolicy
from wattif.uploader.store import Conflict, Refused, SealedFile, StoredObject

ONCE = RetryPolicy(retry_for_s=0.0)
NAMES = [
    "_wattif/dataset.json",
    "_wattif/x/dt=1",
    "dt=2024-01-01-copy/a.json",
    "dt=2024-01-01/a.json",
    "dt=2024-01-01/b.json",
    "dt=2024-01-01/sub/c.json",
    "dt=2024-01-02/a.json",
    "dt=2024-01-02/b.json.1.part",  # a stranger's, whatever it is
]
networks = pytest.mark.parametrize("place", SCHEMES[1:], indirect=True)


@pytest.fixture(params=SCHEMES)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    with place_of(request.param, tmp_path, servers) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        yield found


def opened(place: Place, *, overwrite: bool = False) -> RetryingStore:
    return open_store(place.url, threads=3, overwrite=overwrite, retry=ONCE)


def sealed(folder: Path, name: str, size: int = 10_000, seed: int = 1) -> SealedFile:
    path = folder / name.replace("/", "_")
    path.write_bytes(random.Random(f"{name}{seed}").randbytes(size))
    return SealedFile(path, name, size, google_crc32c.value(path.read_bytes()))


def content_of(name: str) -> bytes:
    return name.encode() * 3


def test_what_is_written_is_there_and_is_read(place: Place, tmp_path: Path) -> None:
    store = opened(place)
    assert store.get_bytes("a/b") is None
    store.put_bytes("a/b", b"one")
    store.put_bytes("a/b", b"other", lambda: None)
    store.put_bytes("empty", b"")
    assert place.objects() == {"a/b": b"other", "empty": b""}
    assert [store.get_bytes("a/b"), store.get_bytes("a/b", 2), store.get_bytes("empty", 5)] == [b"other", b"ot", b""]
    with store.open_object("a/b") or pytest.fail("there is one") as file:
        assert file.read() == b"other"
    assert store.open_object("a") is None
    assert store.fetch("a/b", tmp_path).read_bytes() == b"other"
    with pytest.raises(Refused, match=r"gone is committed, but missing; restore it"):
        store.fetch("gone", tmp_path)
    store.delete(["a/b", "gone"])
    store.delete(["empty", "gone"], lambda: None)
    assert place.objects() == {}


def test_objects_come_in_the_order_of_their_names_whoever_wrote_them(place: Place) -> None:
    for number, name in enumerate(reversed(NAMES)):
        write = place.put if number % 2 else opened(place).put_bytes
        write(name, content_of(name))
    found = list(opened(place).list_objects("dt="))
    expected = [(name, content_of(name)) for name in NAMES[2:]]
    assert found == [StoredObject(name, len(text), google_crc32c.value(text)) for name, text in expected]
    unchecked = list(opened(place).list_objects("dt=", checksums=False))
    assert [(each.name, each.size) for each in unchecked] == [(each.name, each.size) for each in found]


@pytest.mark.parametrize(
    ("prefix", "names"),
    [
        ("dt=2024-01-02", NAMES[6:]),
        ("dt=2024-01-01/s", NAMES[5:6]),
        ("dt=2024-01-01/", NAMES[3:6]),
        ("_wattif/", NAMES[:2]),
        ("_wattif/d", NAMES[:1]),
        (NAMES[0], NAMES[:1]),
        ("gone/", []),
        ("d", NAMES[2:]),
        ("", NAMES),
    ],
)
def test_a_prefix_may_end_anywhere(place: Place, prefix: str, names: list[str]) -> None:
    for name in NAMES:
        place.put(name, b"1")
    assert list(opened(place).list(prefix)) == names
    assert [each.name for each in opened(place).list_objects(prefix, checksums=False)] == names


def test_files_arrive_with_receipts_and_are_recognised(place: Place, tmp_path: Path) -> None:
    names = [f"dt=2024-01-01/{number}.json" for number in range(5)]
    for _ in range(2):  # staged anew: a folder takes them away
        files = [sealed(tmp_path, name, size=number * 1000) for number, name in enumerate(names)]
        contents = {file.name: file.path.read_bytes() for file in files}
        assert opened(place).put_files(files) == [StoredObject(each.name, each.size, each.crc32c) for each in files]
        assert place.objects() == contents


def test_other_bytes_are_replaced_only_when_that_was_asked_for(place: Place, tmp_path: Path) -> None:
    place.put("dt=1/a", b"x" * 10_000)
    [refusal] = opened(place).put_files([sealed(tmp_path, "dt=1/a")])
    assert isinstance(refusal, Conflict)
    assert "dt=1/a holds bytes that are not this dataset's; remove it, or run with `overwrite`" in str(refusal)
    file = sealed(tmp_path, "dt=1/a")
    content = file.path.read_bytes()
    assert opened(place, overwrite=True).put_files([file]) == [StoredObject(file.name, file.size, file.crc32c)]
    assert place.objects() == {"dt=1/a": content}


def test_of_many_that_swap_at_once_one_wins(place: Place) -> None:
    writers = [b"%d" % number for number in range(8)]
    for old in (None, *writers[:3]):
        if old is not None:
            opened(place).put_bytes("claim", old)
        with ThreadPoolExecutor(len(writers)) as pool:
            won = list(pool.map(lambda new, old=old: opened(place).swap_bytes("claim", old, new * 2), writers))
        assert sum(won) == 1
        assert place.objects() == {"claim": writers[won.index(True)] * 2}
    assert not opened(place).swap_bytes("claim", None, b"late")
    assert not opened(place).swap_bytes("gone", b"something", b"late")


def forbidding(calls: int, happens: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """A guard that allows so many *calls*, then forbids; what *happens* when it first forbids."""
    asked = iter(range(calls))

    def guard() -> None:
        if next(asked, None) is None:
            happens()
            raise Conflict("taken over")

    return guard


def test_what_the_guard_forbids_is_not_written(place: Place, tmp_path: Path) -> None:
    store = opened(place)
    place.put("there", b"1")
    with pytest.raises(Conflict):
        store.put_bytes("a", b"1", forbidding(0))
    with pytest.raises(Conflict):
        store.delete(["there"], forbidding(0))
    try:
        [refusal] = store.put_files([sealed(tmp_path, "b")], forbidding(0))
    except Conflict as error:
        refusal = error
    assert isinstance(refusal, Conflict)
    assert place.objects() == {"there": b"1"}


@networks
def test_what_the_guard_forbids_afterwards_is_taken_back(place: Place) -> None:
    with pytest.raises(Conflict):
        opened(place).put_bytes("a", b"1", forbidding(1))
    assert place.objects() == {}


@networks
def test_a_later_owners_object_is_not_taken_back(place: Place) -> None:
    """Two writers with one name: the one that lost the lake finds the other's object, and leaves it."""
    with pytest.raises(Conflict):
        opened(place).put_bytes("a", b"1", forbidding(1, lambda: place.put("a", b"the owner's")))
    assert place.objects() == {"a": b"the owner's"}
    with pytest.raises(LakeError, match="another process is writing the same object"):
        opened(place).put_bytes("a", b"1", lambda: place.put("a", b"the owner's second"))
    opened(place).delete(["a"], lambda: place.put("a", b"the owner's third"))
    assert place.objects() == {"a": b"the owner's third"}


@pytest.mark.parametrize("place", ["s3", "az"], indirect=True)
def test_where_no_request_can_be_signed_a_later_owners_object_stays_as_well(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(obstore_store, "delete_version", lambda *_: None)
    with pytest.raises(Conflict):
        opened(place).put_bytes("a", b"1", forbidding(1, lambda: place.put("a", b"the owner's")))
    assert place.objects() == {"a": b"the owner's"}
    opened(place).delete(["a"], lambda: place.put("a", b"the owner's second"))
    assert place.objects() == {"a": b"the owner's second"}
    with pytest.raises(Conflict):
        opened(place).put_bytes("b", b"1", forbidding(1))
    assert place.objects() == {"a": b"the owner's second"}


@networks
def test_a_place_that_is_not_there_is_named(place: Place) -> None:
    bucket = place.url.rpartition("/")[0]
    store = open_store(f"{bucket}x/city", retry=ONCE)
    verbs: list[Callable[[], object]] = [
        lambda: store.get_bytes("a"),
        lambda: list(store.list("a")),
        lambda: list(store.list_objects("")),
        lambda: store.put_bytes("a", b"1"),
        lambda: store.swap_bytes("a", None, b"1"),
    ]
    for verb in verbs:
        with pytest.raises(Refused) as failure:
            verb()
        assert f"{bucket}x: there is no such bucket (404); create it with '" in str(failure.value)
        assert "\n" not in str(failure.value)
        assert "<" not in str(failure.value)


@networks
def test_an_object_has_the_media_type_of_its_kind(place: Place, tmp_path: Path) -> None:
    store = opened(place)
    names = {"_wattif/meters.parquet": "application/vnd.apache.parquet", "_wattif/dataset.json": "application/json"}
    for name in names:
        store.put_bytes(name, b"1")
    store.swap_bytes("_wattif/new.ndjson", None, b"1")
    store.put_files([replace(sealed(tmp_path, "dt=1/readings.json"), kind="application/x-ndjson")])
    names |= {"_wattif/new.ndjson": "application/x-ndjson", "dt=1/readings.json": "application/x-ndjson"}
    assert {name: place.content_type(name) for name in names} == names
