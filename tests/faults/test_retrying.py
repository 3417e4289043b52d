"""Every verb of a store is tried again, for as long as it was asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.gcs_faults import Answer, Reset
from tests.faults.gcs_lake import BRIEF, ONCE, QUICK, Lake, open_lake
from wattif.errors import Interrupted, TransferError
from wattif.uploader.retrying import Attempt, RetryingStore, RetryPolicy
from wattif.uploader.store import Store, StoredObject

VERBS: dict[str, Callable[[Store, Path], object]] = {
    "list": lambda store, folder: list(store.list("")),
    "list_objects": lambda store, folder: [each.name for each in store.list_objects("")],
    "get_bytes": lambda store, folder: store.get_bytes("a"),
    "open_object": lambda store, folder: (store.open_object("a") or pytest.fail("there is one")).read(),
    "fetch": lambda store, folder: store.fetch("a", folder).read_bytes(),
    "put_bytes": lambda store, folder: store.put_bytes("a", b"new"),
    "swap_bytes": lambda store, folder: store.swap_bytes("e", None, b"new"),
    "delete": lambda store, folder: store.delete(["a"]),
}
ANSWERS = {
    "list": ["a", "b", "c", "d"],
    "list_objects": ["a", "b", "c", "d"],
    "get_bytes": b"a",
    "open_object": b"a",
    "fetch": b"a",
    "put_bytes": None,
    "swap_bytes": True,
    "delete": None,
}
KINDS = {"list": "list", "list_objects": "list", "put_bytes": "upload", "swap_bytes": "upload", "delete": "delete"}
every_verb = pytest.mark.parametrize("verb", VERBS)


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lake]:
    """A lake with the small objects a, b, c and d."""
    with open_lake(tmp_path, monkeypatch) as lake:
        for name in "abcd":
            lake.server.put("lake", f"city/{name}", name.encode())
        yield lake


@every_verb
def test_a_verb_is_tried_again(lake: Lake, tmp_path: Path, verb: str) -> None:
    told: list[Attempt] = []
    lake.server.add_fault(Answer(503), KINDS.get(verb, "media"), times=2)
    store = RetryingStore(lake.store(), QUICK, on_retry=told.append)
    assert VERBS[verb](store, tmp_path) == ANSWERS[verb]
    assert [attempt.number for attempt in told] in ([1, 2], [1])  # of a listing, the first failure ends the first list
    assert all("503" in str(attempt.error) and attempt.wait_s <= 0.05 for attempt in told)


@every_verb
def test_no_patience_is_one_attempt(lake: Lake, tmp_path: Path, verb: str) -> None:
    lake.server.add_fault(Answer(503), KINDS.get(verb, "media"), times=None)
    with pytest.raises(TransferError, match=r"tried for 0\.\d s"):
        VERBS[verb](RetryingStore(lake.store(), ONCE), tmp_path)
    assert lake.server.count(KINDS.get(verb, "media")) == 1


@every_verb
def test_a_stop_ends_the_patience(lake: Lake, tmp_path: Path, verb: str) -> None:
    lake.server.add_fault(Answer(503), KINDS.get(verb, "media"), times=None)
    patient = RetryPolicy(first_wait_s=1000.0, longest_wait_s=1000.0)
    with pytest.raises(Interrupted):
        VERBS[verb](RetryingStore(lake.store(), patient, lake.stop, lambda attempt: lake.stop.set()), tmp_path)


@pytest.mark.parametrize("verb", ["list", "list_objects"])
def test_a_listing_that_breaks_off_goes_on_where_it_was(lake: Lake, verb: str) -> None:
    """The server gives pages of three; whatever fails, each name comes once, in order."""
    names = [f"x{number:02}" for number in range(20)]
    for name in names:
        lake.server.put("lake", f"city/{name}", b"1")
    store = RetryingStore(lake.store(), QUICK)
    found = []
    for each in store.list("x") if verb == "list" else store.list_objects("x"):
        found.append(each.name if isinstance(each, StoredObject) else each)
        if len(found) in (1, 3, 10, 11, 19):
            lake.server.add_fault(Answer(503), "list")
            lake.server.add_fault(Reset(), "list")
    assert found == names


def test_a_listing_that_never_gets_further_gives_up(lake: Lake) -> None:
    names = RetryingStore(lake.store(), BRIEF).list("")
    assert next(names) == "a"
    lake.server.add_fault(Answer(503), "list", times=None)
    assert [next(names), next(names)] == ["b", "c"]
    with pytest.raises(TransferError, match="tried for"):
        next(names)
