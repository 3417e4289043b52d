"""Shards of one dataset: who claims the lake, and who marks its days. `test_kill.py` kills them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.asking import Asking, generate
from tests.lakes import objects
from wattif.errors import LakeError
from wattif.lake import layout
from wattif.lake.claim import claim
from wattif.lake.identity import Identity
from wattif.lake.open import open_store
from wattif.model.scenario import world_of
from wattif.uploader.local import LocalStore
from wattif.uploader.retrying import RetryingStore
from wattif.uploader.store import Conflict


def test_a_claim_that_was_killed_is_taken_over(settings: Asking, tmp_path: Path) -> None:
    """Shards wait for whoever clears the place; when it is silent for too long, one goes on, and fences it out."""
    asked = settings(lake=tmp_path / "lake")
    generate(asked)
    store = open_store(asked.place)
    dataset = Identity.of(asked.spec, world_of(asked.spec).cities)
    slow = claim(store, dataset, overwrite=False)
    document = orjson.loads((asked.lake / layout.DATASET).read_bytes())
    (asked.lake / layout.DATASET).write_bytes(orjson.dumps({**document, "clearing": True}))
    owned = claim(store, dataset, overwrite=False, wait_s=0.3)
    assert orjson.loads((asked.lake / layout.DATASET).read_bytes())["claim_epoch"] == 2
    owned.put_bytes("_wattif/meters.parquet", b"")
    with pytest.raises(Conflict, match="taken over by another run of the same dataset"):
        slow.put_bytes("_wattif/meters.parquet", b"")


def test_a_claim_of_an_empty_place_that_was_killed_keeps_nobody_waiting(
    settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = settings(lake=tmp_path / "lake")
    dataset = Identity.of(asked.spec, world_of(asked.spec).cities)
    inner = LocalStore(asked.lake)
    swap = inner.swap_bytes

    def swap_and_die(name: str, old: bytes | None, new: bytes) -> bool:
        assert swap(name, old, new)
        raise LakeError("killed")

    monkeypatch.setattr(inner, "swap_bytes", swap_and_die)
    with pytest.raises(LakeError, match="killed"):
        claim(RetryingStore(inner), dataset, overwrite=False)
    claim(open_store(asked.place), dataset, overwrite=False, wait_s=0.3)
    assert orjson.loads((asked.lake / layout.DATASET).read_bytes())["claim_epoch"] == 1  # not taken over


def test_whoever_looks_while_another_run_claims_and_writes_joins_it(
    settings: Asking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files are no stranger's."""
    file = "dt=2024-01-01/readings-00000000-00000001.json"
    asked = settings(lake=tmp_path / "lake")
    dataset = Identity.of(asked.spec, world_of(asked.spec).cities)
    inner = LocalStore(asked.lake)
    names = inner.list

    def names_after_a_while(prefix: str) -> Iterator[str]:
        claim(open_store(asked.place), dataset, overwrite=False).put_bytes(file, b"")
        return names(prefix)

    monkeypatch.setattr(inner, "list", names_after_a_while)
    claim(RetryingStore(inner), dataset, overwrite=False, wait_s=60).put_bytes(file, b"x")
    assert (asked.lake / file).read_bytes() == b"x"


def test_a_day_is_marked_by_whoever_is_last(settings: Asking, tmp_path: Path) -> None:
    """No shard marks a day before all of them have made their part."""
    asked = settings(lake=tmp_path / "lake", end="2024-01-02", meters_per_file=2, batch_files=1, success_files=True)
    marks = []
    for index in (2, 3, 1):
        generate(settings(**{**asked.model_dump(), "shard": f"{index}/3"}))
        marks.append(sorted(path.parent.name for path in asked.lake.rglob(layout.SUCCESS)))
    assert marks == [[], [], ["dt=2024-01-01", "dt=2024-01-02"]]
    whole = settings(**{**asked.model_dump(), "lake": tmp_path / "whole"})
    generate(whole)
    assert objects(whole.lake) == objects(asked.lake)
